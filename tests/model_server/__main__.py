"""The server as a process of its own: `python -m tests.model_server --latency-ms 50 --fault-429 0.02`.

The first line of the output is the base URL. The process ends on SIGTERM, on SIGINT, and with `--with-stdin` when
its standard input is closed, so that it never outlives the program that started it.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from tests.model_server.answers import AnswersError, LabelledLines
from tests.model_server.app import Application
from tests.model_server.config import ConfigError, Fault, ServerConfig
from tests.model_server.gold import GoldAnswers, read_gold
from tests.model_server.noise import Noisy, noise_shares
from tests.model_server.server import listen
from tests.model_server.view import Answerer

FAULT_OPTIONS = {
    "429": Fault.RATE_LIMIT,
    "500": Fault.SERVER_ERROR,
    "502": Fault.BAD_GATEWAY,
    "503": Fault.UNAVAILABLE,
    "529": Fault.OVERLOADED,
    "hang": Fault.HANG,
    "disconnect": Fault.DISCONNECT,
    "reset": Fault.RESET,
    "truncated": Fault.TRUNCATED,
    "invalid-json": Fault.INVALID_JSON,
    "wrong-type": Fault.WRONG_TYPE,
    "empty": Fault.EMPTY,
    "refusal": Fault.REFUSAL,
    "stream-error": Fault.STREAM_ERROR,
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m tests.model_server", description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--latency-ms", type=float, default=0.0, help="until the first byte")
    options.add_argument("--jitter", type=float, default=0.0, help="share by which latency varies, e.g. 0.2")
    options.add_argument("--token-ms", type=float, default=0.0, help="for each output token")
    for name, fault in FAULT_OPTIONS.items():
        options.add_argument(f"--fault-{name}", type=float, default=0.0, metavar="SHARE", help=f"share of {fault}")
    options.add_argument("--fault-attempts", type=int, help="faults hit only the first N attempts at a request")
    options.add_argument(
        "--permanent", action="append", default=[], metavar="WORDS=FAULT", help="always fails where WORDS are asked"
    )
    options.add_argument("--retry-after-s", type=float, default=1.0)
    options.add_argument("--hang-s", type=float, default=3600.0)
    options.add_argument("--api-key", action="append", default=[], help="accept only this key")
    options.add_argument("--requests-per-minute", type=int)
    options.add_argument("--tokens-per-minute", type=int)
    options.add_argument("--output-tokens-per-minute", type=int)
    options.add_argument("--batch-seconds", type=float, default=0.2, help="until a provider batch has ended")
    options.add_argument("--max-in-flight", type=int)
    options.add_argument("--context-tokens", type=int)
    options.add_argument("--schema-in-prefix", action=argparse.BooleanOptionalAction, default=True)
    options.add_argument("--lenient", action="store_true", help="accept what the real services refuse")
    options.add_argument("--answers", type=Path, help="gold labels, JSONL; without: lines 'name: value'")
    options.add_argument("--documents", type=Path, help="folder with the texts that the gold labels name")
    options.add_argument(
        "--noise", action="append", default=[], metavar="KIND=SHARE", help="spoil a share of the cells"
    )
    options.add_argument("--config", default="{}", help="further settings as JSON")
    options.add_argument("--with-stdin", action="store_true", help="end when standard input is closed")
    return options


def config_from(options: argparse.Namespace) -> ServerConfig:
    """The configuration of a command line; raises ConfigError."""
    values: dict[str, Any] = vars(options)
    shares = {
        str(fault): values["fault_" + name.replace("-", "_")]
        for name, fault in FAULT_OPTIONS.items()
        if values["fault_" + name.replace("-", "_")]
    }
    permanent: dict[str, str] = {}
    for item in options.permanent:
        words, sign, fault = item.rpartition("=")
        if not sign or not words:
            raise ConfigError(f"--permanent wants WORDS=FAULT, not {item!r}")
        permanent[words] = fault
    return ServerConfig(
        seed=options.seed,
        latency_s=options.latency_ms / 1000,
        jitter=options.jitter,
        token_s=options.token_ms / 1000,
        retry_after_s=options.retry_after_s,
        hang_s=options.hang_s,
        api_keys=tuple(options.api_key),
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        output_tokens_per_minute=options.output_tokens_per_minute,
        batch_seconds=options.batch_seconds,
        max_in_flight=options.max_in_flight,
        context_tokens=options.context_tokens,
        schema_in_prefix=options.schema_in_prefix,
        strict=not options.lenient,
        keep_bodies=False,
    ).changed(
        {"faults": {"probabilities": shares, "permanent": permanent, "first_attempts": options.fault_attempts}}
        | json.loads(options.config)
    )


async def run(app: Application, options: argparse.Namespace) -> None:
    """Serve until told to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.with_stdin:

        def read() -> None:
            if not os.read(sys.stdin.fileno(), 4096):
                stop.set()

        loop.add_reader(sys.stdin.fileno(), read)
    listening = await listen(app, options.host, options.port)
    print(listening.url, flush=True)
    await stop.wait()
    await listening.close()


def main() -> int:
    """Exit code 0 when stopped, 2 for bad settings or answers."""
    options = parser().parse_args()
    try:
        config = config_from(options)
        answerer: Answerer = (
            GoldAnswers(read_gold(options.answers, options.documents)) if options.answers else LabelledLines()
        )
        if options.noise:
            shares = noise_shares(dict(item.split("=", 1) for item in options.noise))
            answerer = Noisy(answerer, shares, config.seed)
    except (ConfigError, AnswersError, OSError, ValueError) as error:
        print(f"model server: {error}", file=sys.stderr)
        return 2
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(Application(answerer, config), options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
