"""The OpenAPI, where the framework says less or more than is true, and what it says of an address."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

_PARAMETER = re.compile(r"\{[^{}]+\}")


def describe_parameters(app: FastAPI) -> None:
    """Parameters that may be left out are not null: nothing that stands in an address or a header is."""
    for path in app.openapi()["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
                if len(kinds) == 1:
                    del schema["anyOf"]
                    schema.update(kinds[0])
                elif kinds:
                    schema["anyOf"] = kinds


def complete_examples(app: FastAPI) -> None:
    """Put back the nulls that the framework leaves out of examples: without them what must be there is missing."""
    components = app.openapi()["components"]["schemas"]

    def completed(example: Any, schema: dict[str, Any]) -> Any:
        schema = components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if isinstance(example, list):
            return [completed(item, schema.get("items", {})) for item in example]
        if not isinstance(example, dict):
            return example
        properties, required = schema.get("properties", {}), schema.get("required", ())
        return {
            name: completed(example[name], properties.get(name, {})) if name in example else None
            for name in [*example, *(n for n in required if n not in example and _may_be_null(properties[n]))]
        }

    for component in components.values():
        if "examples" in component:
            component["examples"] = [completed(example, component) for example in component["examples"]]


def _may_be_null(schema: dict[str, Any]) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def methods_of(app: FastAPI, address: str, *, literal: bool = False) -> list[str]:
    """What the OpenAPI says can be done at an address; nothing when it does not stand there.

    An address that stands there as it is goes before those with parameters, as the OpenAPI specification wants it.
    With `literal` those with parameters do not count.
    """
    found = sorted(
        (len(_PARAMETER.findall(path)), path) for path in _matching(app.openapi()["paths"], address, literal)
    )
    return sorted(method.upper() for method in app.openapi()["paths"][found[0][1]]) if found else []


def _matching(paths: dict[str, Any], address: str, literal: bool) -> Iterator[str]:
    for path in paths:
        if path == address:
            yield path
        elif not literal:
            pattern = "[^/]+".join(re.escape(part) for part in _PARAMETER.split(path))
            if re.fullmatch(pattern, address):
                yield path
