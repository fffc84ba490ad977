"""Command line options: the defaults and variables of argparse, click and typer."""

from __future__ import annotations

from collections.abc import Sequence

from brokerlint.link.engine import Engine
from brokerlint.link.scopes import END, Activation, At, last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import Const, EnvVar, FunctionValue, Unknown, Values, join
from brokerlint.python import ir

NAMESPACE = "argparse.Namespace()"
"""The path under which the result of ``parse_args()`` is known."""

RESULTS = {
    "argparse.ArgumentParser": "argparse.ArgumentParser()",
    "argparse.ArgumentParser().parse_args": NAMESPACE,
    "argparse.ArgumentParser().parse_known_args": NAMESPACE,
    "configargparse.ArgumentParser": "argparse.ArgumentParser()",
    "configargparse.ArgParser": "argparse.ArgumentParser()",
}
"""What calling these gives, as a path."""

OPTION = "option:"
"""What a variable's name begins with when it is a command line option: ``option:--topic|-t``."""

_OTHER_KINDS = ("nargs", "multiple", "is_flag", "action", "choices", "count")


def parsed(ev: Engine, name: str, path: str) -> Values:
    """``args.name``: what ``add_argument`` in the same file, or in one that names the option, says about it."""
    option = "--" + name.replace("_", "-")
    here = ev.program.module(path)
    modules = [here] if here else []
    modules += [m for word in (option, f"--{name}") for m in ev.program.mentioning(word) if m is not here]
    for module in modules:
        for chain, body in bodies(module.body):
            for site in body.sites:
                if last_name(site.call.function) in ("add_argument", "add") and _destination(site.call) == name:
                    scope = ev.module(module.path)
                    inner = ev.symbolic(scope, chain) if scope and chain else scope
                    return _settled(ev, site.call, inner, At(site.order, site.block), option)
    return (Unknown(f"command line option {option}"),)


def _names(call: ir.Call) -> list[str]:
    """The names that an option is declared with: ``-t``, ``--topic``."""
    names = [a.value.value for a in call.arguments if a.keyword is None and isinstance(a.value, ir.Constant)]
    return [name for name in names if isinstance(name, str)]


def _destination(call: ir.Call) -> str:
    """The attribute or parameter that an option's value goes to."""
    given = call.keyword("dest")
    if isinstance(given, ir.Constant):
        return str(given.value)
    texts = _names(call)
    long = next((name for name in texts if name.startswith("--")), texts[0] if texts else "")
    return long.lstrip("-").replace("-", "_")


def _settled(ev: Engine, call: ir.Call, scope: Activation | None, at: At, option: str) -> Values:
    """The option's variable with its default, or its default."""
    default = call.keyword("default")
    values = ev.values(default, scope, at) if default is not None and scope is not None else ()
    known = tuple(value for value in values if value != Const(None))
    for key in ("envvar", "env_var"):
        variable = call.keyword(key)
        if variable is not None and scope is not None:
            given = ev.values(variable, scope, at)
            names = [value.value for value in given if isinstance(value, Const) and isinstance(value.value, str)]
            if names:
                return (EnvVar(names[0], known or None),)
    spelled = _spelled(call)
    texts = all(isinstance(value, Const) and isinstance(value.value, str) for value in known)
    if spelled and texts and not any(call.keyword(key) is not None for key in _OTHER_KINDS):
        return (EnvVar(OPTION + "|".join(spelled), known or None),)
    return known or (Unknown(f"command line option {option}"),)


def _spelled(call: ir.Call) -> list[str]:
    """How a text option may be written on a command line; [] for other types."""
    kind = call.keyword("type")
    if kind is not None and last_name(kind) not in ("str", "STRING"):
        return []
    names = [a.value.value for a in call.arguments if a.keyword is None and isinstance(a.value, ir.Constant)]
    return [name for name in names if isinstance(name, str) and name.startswith("-")]


def given(option: str, words: Sequence[str]) -> str | None:
    """The text that a command gives for ``option`` (a variable's name that begins with `OPTION`)."""
    for spelled in option.removeprefix(OPTION).split("|"):
        for index, word in enumerate(words):
            if word == spelled and index + 1 < len(words) and not words[index + 1].startswith("-"):
                return words[index + 1]
            if word.startswith(f"{spelled}=") and spelled.startswith("--"):
                return word.partition("=")[2]
    return None


def decorated(ev: Engine, function: FunctionValue, parameter: str, scope: Activation) -> Values:
    """A parameter that ``@click.option("--name", default=...)`` fills in; () when none does."""
    for decorator in function.definition.decorators:
        if isinstance(decorator, ir.Call) and last_name(decorator.function) in ("option", "argument"):
            plain = [name for name in _names(decorator) if not name.startswith("-")] or [_destination(decorator)]
            if parameter in plain:
                return _settled(ev, decorator, scope, END, f"--{parameter}")
    return ()


def annotated(ev: Engine, default: ir.Expr | None, scope: Activation) -> Values:
    """``name: str = typer.Option("orders", envvar="TOPIC")``; () for other defaults."""
    if not isinstance(default, ir.Call) or last_name(default.function) not in ("Option", "Argument"):
        return ()
    first = default.position(0)
    values = ev.values(first, scope, END) if first is not None else ()
    known = tuple(value for value in values if isinstance(value, Const) and value.value is not None)
    variable = default.keyword("envvar")
    if isinstance(variable, ir.Constant) and isinstance(variable.value, str):
        return (EnvVar(variable.value, known or None),)
    return join((), known)
