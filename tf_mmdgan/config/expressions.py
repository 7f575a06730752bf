"""One grammar by which settings name the members of any family.

    rbf                                 a name of the family
    rq(scales=(1, 2, 4))                a constructor with literal arguments
    rbf(2.0) + 0.5 * linear             where members add and multiply: kernels
    my_package.my_module:Laplacian(2)   a class, a function or a value of yours

An expression is read by `ast` and checked as a whole before anything is done.
Then nothing is called but constructors of the family: those that the family
names; of other modules, classes that derive from the family's class, and
functions whose annotation says that they return a member.

A name with a dot before its colon is in a module; names of families have no
colons. So a module of one's own is in a package, which may be a mere folder.
"""

import ast
import dataclasses
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NoReturn, TypeVar

from tf_mmdgan import errors
from tf_mmdgan.config import calls, spelling

Member = TypeVar("Member")

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda left, right: left + right,
    ast.Mult: lambda left, right: left * right,
}
_MOST_SHOWN = 200  # characters of an expression in a message
# Each is a call inside of the one before, wherever the value is used.
_MOST_OPERATORS = 64


@dataclasses.dataclass(frozen=True)
class Family(Generic[Member]):
    """What a setting may name, and how an expression of names is read.

        family = Family("kernel", KERNELS, Kernel, combines=True)
        kernel = family.get("rbf + 0.5 * linear")

    Attributes:
      kind: what a member is called in messages.
      members: those that have names.
      base: class of all members, or classes; `collections.abc.Callable` for
        functions, of which a call binds settings by name, and for values that
        can be called, of which a call is that of their class.
      constructors: what makes a member of the arguments that a name is given.
      classes: the same for the names in the `repr` of members, which messages
        do not list.
      combines: whether members are added, multiplied, and arguments of others.
      parts: other families whose members may be arguments.
    """

    kind: str
    members: Mapping[str, Member]
    base: Any
    constructors: Mapping[str, Callable[..., Member]] = dataclasses.field(
        default_factory=dict
    )
    classes: Mapping[str, Callable[..., Member]] = dataclasses.field(
        default_factory=dict
    )
    combines: bool = False
    parts: tuple["Family[Any]", ...] = ()

    def get(self, given: object) -> Member:
        """The member that is given: itself, or as an expression.

        Raises:
          UsageError: on one line, for an unknown name, an expression that is
            none of this grammar, a module that cannot be imported, something
            that is no member, arguments that a constructor refuses, and names
            in modules that stand in a run's record.
        """
        if isinstance(given, str):
            if isinstance(given, spelling.Recorded):
                self._refuse_outside(given)
            # Some names are no Python names: alpha_0.5.
            named = self.members.get(given.strip())
            return _Reader(self, given).read() if named is None else named
        if isinstance(given, self.base):
            return given
        raise errors.UsageError(
            f"{self.kind} {errors.excerpt(spelling.text(given), 80)}: need "
            f"{self.expected}."
        )

    def _refuse_outside(self, given: str) -> None:
        for name in spelling.outside_names(given):
            spelling.refuse_recorded(
                f"{name} would be imported and run, as its {self.kind}"
            )

    def get_all(self, given: str | Sequence[object]) -> list[Member]:
        """The members of a list with commas, or of a sequence.

        Raises:
          UsageError: as `get`.
        """
        parts = spelling.entries(given) if isinstance(given, str) else given
        return [self.get(part) for part in parts]

    @property
    def of_functions(self) -> bool:
        """Whether the members are functions."""
        return self.base is Callable

    @property
    def expected(self) -> str:
        """What stands for a member, in messages."""
        called = next(iter(self.constructors), None)
        forms = [
            f"a name of a {self.kind}" if self.members else "",
            f"{called}(arguments)" if called else "",
            "sums and multiples of these" if self.combines else "",
            "package.module:Name(arguments)",
        ]
        return " or ".join(filter(None, forms))


# What makes a value, once all of an expression has been found to be sound.
_Plan = Callable[[], Any]


class _Arguments(typing.NamedTuple):
    """Arguments of a call, still to be made."""

    positional: list[_Plan]
    named: dict[str, _Plan]

    def make(self) -> tuple[list[Any], dict[str, Any]]:
        return (
            [make() for make in self.positional],
            {name: make() for name, make in self.named.items()},
        )


_NO_ARGUMENTS = _Arguments([], {})


class _Reader:
    """Reads one expression."""

    def __init__(self, family: Family[Any], source: str):
        self._family = family
        self._source = source
        # Names in modules, by the names that stand for them in the syntax.
        self._outside: dict[str, str] = {}

    def read(self) -> Any:
        try:
            tree = ast.parse(self._without_modules(), mode="eval")
            _check_depth(tree)
            member = self._plan(tree.body, (self._family,))()
            if isinstance(member, self._family.base):
                return member
            self._refuse_syntax()
        except (
            SyntaxError, UnicodeError, RecursionError, MemoryError,
        ) as error:  # fmt: skip
            self._explain(self._syntax, error)
        except calls.Refusal as error:
            self._explain(str(error), error)

    def _without_modules(self) -> str:
        """The source with a plain name in place of each name in a module."""

        def replace(match: re.Match[str]) -> str:
            name = match["name"]
            if name is None:  # a string
                return match[0]
            if not spelling.is_outside(name):
                raise calls.Refusal(
                    f"there is no dot in {name.partition(':')[0]!r}, so it is "
                    "no module: put it into a package, package.module:Name."
                )
            placeholder = f"_outside_{len(self._outside)}"
            self._outside[placeholder] = name
            return placeholder

        return spelling.OUTSIDE.sub(replace, self._source.strip())

    def _plan(self, node: ast.expr, families: tuple[Family[Any], ...]) -> _Plan:
        """Checks a node, all below it too, and says how its value is made."""
        match node:
            case ast.Name(id=name):
                return self._member(name, families)
            case ast.Call(func=ast.Name(id=name)):
                return self._member(name, families, self._arguments(node))
            case ast.BinOp(left=left, op=op, right=right) if type(
                op
            ) in _OPERATORS and any(f.combines for f in families):
                operate = _OPERATORS[type(op)]
                first = self._operand(left, families)
                second = self._operand(right, families)
                return lambda: calls.attempt(
                    "a sum or product", lambda: operate(first(), second())
                )
        self._refuse_syntax()

    def _operand(
        self, node: ast.expr, families: tuple[Family[Any], ...]
    ) -> _Plan:
        number = _literal(node)
        if isinstance(number, int | float):
            return lambda: number
        return self._plan(node, families)

    def _arguments(self, node: ast.Call) -> _Arguments:
        named = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                self._refuse_syntax()
            named[keyword.arg] = self._argument(keyword.value)
        return _Arguments([self._argument(part) for part in node.args], named)

    def _argument(self, node: ast.expr) -> _Plan:
        value = _literal(node)
        if value is not _NO_LITERAL:
            return lambda: value
        if isinstance(node, ast.Tuple | ast.List):
            parts = [self._argument(part) for part in node.elts]
            return lambda: tuple(part() for part in parts)
        own = (self._family,) if self._family.combines else ()
        families = own + self._family.parts
        if not families:
            raise calls.Refusal(
                "arguments are numbers, strings, tuples, True, False, None."
            )
        return self._plan(node, families)

    def _member(
        self,
        name: str,
        families: tuple[Family[Any], ...],
        arguments: _Arguments | None = None,
    ) -> _Plan:
        """A name that stands by itself, or is called with arguments."""
        if name in self._outside:
            dotted = self._outside[name]
            return lambda: _outsider(dotted, families, arguments)
        known = {n: f for f in families for n in (*f.members, *f.constructors)}
        spelt = {n: f for f in families for n in f.classes}
        family = spelt.get(name) or errors.pick(known, name, families[0].kind)
        if arguments is None and name in family.members:
            return lambda: family.members[name]
        given = arguments or _NO_ARGUMENTS
        make = {**family.constructors, **family.classes}.get(name)
        if make is not None:
            return lambda: calls.call(name, make, *given.make())
        if family.of_functions:
            function = family.members[name]
            return lambda: calls.bind(name, function, *given.make())
        takers = ", ".join(family.constructors)
        suffix = f"; these do: {takers}." if takers else "."
        raise calls.Refusal(f"{name} takes no arguments{suffix}")

    def _refuse_syntax(self) -> NoReturn:
        raise calls.Refusal(self._syntax)

    @property
    def _syntax(self) -> str:
        return f"no such expression; need {self._family.expected}."

    def _explain(self, message: str, cause: BaseException) -> NoReturn:
        source = self._source
        if len(source) > _MOST_SHOWN:
            source = f"{source[:_MOST_SHOWN]}..."
        line = f"{self._family.kind} {source!r}: {message}"
        raise errors.UsageError(" ".join(line.split())) from cause


def _outsider(
    dotted: str,
    families: tuple[Family[Any], ...],
    arguments: _Arguments | None,
) -> Any:
    """A member from another module, which is imported."""
    found = calls.load(dotted)
    given = arguments or _NO_ARGUMENTS
    for family in families:
        plain = callable(found) and not isinstance(found, type)
        if family.of_functions and plain:
            bound = calls.bind(dotted, found, *given.make())
            return found if arguments is None else bound
        if calls.makes(found, family.base):
            return calls.call(dotted, found, *given.make())
        if isinstance(found, family.base) and arguments is None:
            return found
    bases = " or ".join(map(_describe, families))
    kind = type(found).__name__
    raise calls.Refusal(
        f"{dotted} is no {bases}, nor makes one; its type is {kind}."
    )


def _describe(family: Family[Any]) -> str:
    if family.of_functions:
        return "function, or class of such"
    bases = family.base if isinstance(family.base, tuple) else (family.base,)
    return " or ".join(f"{base.__module__}.{base.__name__}" for base in bases)


def _check_depth(tree: ast.AST) -> None:
    """Refuses sums that Python could not follow when they are used."""
    count = sum(isinstance(node, ast.BinOp) for node in ast.walk(tree))
    if count > _MOST_OPERATORS:
        raise calls.Refusal(
            f"{count} sums and products, of {_MOST_OPERATORS} at most."
        )


_NO_LITERAL = object()


def _literal(node: ast.expr) -> Any:
    """The value of a literal; `_NO_LITERAL` for anything else."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return _NO_LITERAL
