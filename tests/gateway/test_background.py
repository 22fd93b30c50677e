"""Work in the background: one of a kind at a time, and nothing that happens is left undone."""

import asyncio

from resources.models.background import Background


def test_what_happens_just_as_the_work_ends_is_done_too():
    todo, done = ["first"], []
    background = Background()

    async def work() -> None:
        while todo:
            done.append(todo.pop())

    async def main() -> None:
        background.start("write", work())
        running = background._tasks["write"]
        while not running.done():  # the loop has not told yet that it is
            await asyncio.sleep(0)
            if running.done():
                todo.append("second")
                background.start("write", work())
        await background.close()

    asyncio.run(main())
    assert done == ["first", "second"]


def test_one_of_a_kind_at_a_time():
    seen = []
    background = Background()

    async def work(name: str) -> None:
        seen.append(name)
        await asyncio.sleep(0)

    async def main() -> None:
        for name in "abc":
            background.start("read", work(name))
        background.start("write", work("d"))
        await background.close()

    asyncio.run(main())
    assert seen == ["a", "d"]
