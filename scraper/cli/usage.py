"""What is wrong with a command line, in one sentence."""

from typing import Any, Final

import typer

_NUMBERS: Final = {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}
_BOUNDS: Final = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}


def usage_error(error: typer.TyperException) -> str:
    """Return what is wrong: the option, the value, and the remedy or where to read about it."""
    context: Any = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "scraper"
    if isinstance(error, typer.BadParameter) and error.message:
        return f"{_place(error, context)}: {_fault(error).rstrip('.')}"
    near = getattr(error, "possibilities", None)
    sentence = f"{error.message}. Did you mean {' or '.join(sorted(near))}?" if near else error.format_message().rstrip(".")
    sentence = f"{sentence[:1].lower()}{sentence[1:]}".replace(". Did you mean", "; did you mean")
    return sentence if sentence.endswith("?") else f"{sentence}; see {command} --help"


def _place(error: typer.BadParameter, context: Any) -> str:
    """Return the option, the argument or the variable that has the value."""
    if error.param_hint is not None or error.param is None:
        return str(error.param_hint or "usage")
    parameter: Any = error.param
    source = context.get_parameter_source(parameter.name) if context is not None else None
    if source is not None and source.name == "ENVIRONMENT":
        return f"${parameter.envvar}"
    return max(parameter.opts, key=len) if parameter.param_type_name == "option" else str(parameter.display_name_raw)


def _fault(error: typer.BadParameter) -> str:
    """Return the fault with the value; typer leaves the value out."""
    found: Any = error.__cause__
    if not hasattr(found, "errors"):
        return error.message
    fault = found.errors()[0]
    kind, value = fault["type"], fault["input"]
    if kind in _NUMBERS:
        return f"{value!r} is not {_NUMBERS[kind]}."
    if kind in _BOUNDS:
        bound, relation = _BOUNDS[kind]
        return f"{value!r} is out of range; it must be {relation} {fault['ctx'][bound]:g}"
    return error.message.removeprefix("Value error, ")
