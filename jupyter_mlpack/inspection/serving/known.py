"""What a notebook's own functions, classes and names mean for a slice: read once, before any statement is judged."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from jupyter_mlpack.frozen import replace
from jupyter_mlpack.inspection.paths import called
from jupyter_mlpack.inspection.serving import words
from jupyter_mlpack.inspection.serving.effects import Effects, Habit, Known
from jupyter_mlpack.inspection.serving.nodes import FUNCTIONS, parameters_of, root, target_names
from jupyter_mlpack.inspection.serving.statements import effects_of

ROUNDS = 3
"""Functions that call functions that call functions: as far as habits are followed."""

WHOLE = ("make_", "Pipeline", "Sequential", "Voting", "Stacking", "prepare")
"""Beginnings of the names of what is made of all its arguments, not of the first."""

Node = ast.FunctionDef | ast.AsyncFunctionDef


def read_known(trees: Sequence[ast.Module]) -> Known:
    """What the trees of all cells say, in order."""
    functions: dict[str, Node] = {}
    methods: dict[str, list[Node]] = defaultdict(list)
    imports: set[str] = set()
    modules: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, FUNCTIONS) and not part.name.startswith("__"):
                    methods[part.name].append(part)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {entry.asname or entry.name.partition(".")[0] for entry in node.names}
            modules |= names if isinstance(node, ast.Import) else set()
            imports |= names
    for statement in (statement for tree in trees for statement in statements_of(tree.body)):
        if isinstance(statement, FUNCTIONS):
            functions[statement.name] = statement
    imports -= set(functions)
    known = replace(holding(trees, frozenset(imports)), imports=frozenset(imports), modules=frozenset(modules))
    for _ in range(ROUNDS):
        habits = {name: habit_of(node, known) for name, node in functions.items()}
        own = {name: both(own_habit(node, known) for node in nodes) for name, nodes in methods.items()}
        if habits == known.functions and own == known.methods:
            break
        known = replace(known, functions=habits, methods=own)
    return known


def statements_of(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of the top level, and those in its branches and ``with`` blocks."""
    for statement in body:
        yield statement
        if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            for name in ("body", "orelse", "finalbody"):
                yield from statements_of(getattr(statement, name, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from statements_of(handler.body)


def habit_of(node: Node, known: Known) -> Habit:
    """What a call of the function does to its arguments and to the notebook's names."""
    found = effects_of(node.body, known)
    arguments = parameters_of(node)
    said = {name for part in ast.walk(node) if isinstance(part, ast.Global) for name in part.names}
    stored = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
    seen = (set(arguments) | said | outside(found, stored)) - (stored - said - set(arguments))
    changes = (found.changes & seen) | (found.binds & said)
    return Habit(
        tuple(arguments),
        frozenset(changes),
        frozenset(found.trained & seen),
        frozenset(found.loaded & seen & changes),
        found.trains,
    )


def outside(found: Effects, stored: set[str]) -> set[str]:
    """The names that a body changes and does not make itself."""
    return found.changes - found.binds - stored


def own_habit(node: Node, known: Known) -> Habit:
    """What a call of the method does to what it stands on."""
    arguments = parameters_of(node)
    habit = habit_of(node, known)
    first = arguments[0] if arguments else ""
    if first not in habit.changes:
        return Habit()
    return Habit((), frozenset(["self"]), frozenset(), habit.loaded & {first}, habit.trains)


def both(habits: Iterable[Habit]) -> Habit:
    """Of methods of one name in several classes: what any of them does."""
    found = Habit()
    for habit in habits:
        found = replace(
            found,
            changes=found.changes | habit.changes,
            loaded=found.loaded | habit.loaded,
            trains=found.trains or habit.trains,
        )
    return found


def holding(trees: Sequence[ast.Module], imports: frozenset[str]) -> Known:
    """Which names are other names for something, or are made of something that they train."""
    aliases: dict[str, set[str]] = defaultdict(set)
    holders: dict[str, set[str]] = defaultdict(set)
    steppers: dict[str, set[str]] = defaultdict(set)
    trainers: set[str] = set()
    assigned = (
        node
        for tree in trees
        for node in statements_of(tree.body)
        if isinstance(node, ast.Assign) and len(node.targets) == 1
    )
    for node in assigned:
        value = node.value
        for name in target_names(node.targets[0]):
            if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.targets[0], ast.Name):
                aliases[name].add(root(value))
                if isinstance(value, ast.Name):
                    aliases[value.id].add(name)
            elif isinstance(value, ast.Call):
                trainers |= {name} if words.TRAINER.search(called(value)) else set()
                holders[name] |= held(value)
                steppers[name] |= stepped(value)
                holders[name] |= steppers[name]
    without = imports | {""}
    frozen = [
        {name: frozenset(of - without - {name}) for name, of in table.items() if of - without - {name}}
        for table in (aliases, holders, steppers)
    ]
    return Known(trainers=frozenset(trainers), aliases=frozen[0], holders=frozen[1], steppers=frozen[2])


def held(node: ast.Call) -> set[str]:
    """The names of what a constructor is given to train."""
    name = called(node)
    whole = name.startswith(WHOLE)
    if not whole and not name[:1].isupper():
        return set()
    given = [*(node.args if whole else node.args[:1])]
    given += [word.value for word in node.keywords if word.arg in words.HOLDING]
    found = set()
    for value in given:
        parts = value.elts if isinstance(value, (ast.List, ast.Tuple)) else [value]
        for part in parts:
            inner = part.elts if isinstance(part, (ast.List, ast.Tuple)) else [part]
            found |= {root(one) for one in inner if isinstance(one, (ast.Name, ast.Attribute))}
    return found


def stepped(node: ast.Call) -> set[str]:
    """The models whose parameters an optimizer is given."""
    return {
        root(part.value) for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr in words.PARAMETERS
    }
