"""How a task of a command can end otherwise than well. Apart from the runner, which needs Dagster."""


class StepFailedError(RuntimeError):
    """A Dagster run failed; the message is its reason, `run_id` shows the rest in the UI."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


class InterruptedTaskError(RuntimeError):
    """The person stopped it, or the task was paused or cancelled; it can be resumed."""
