"""What expressions do to names when they are evaluated: above all, what calls train, load and change."""

from __future__ import annotations

import ast
import builtins

from jupyter_mlpack.inspection.paths import called
from jupyter_mlpack.inspection.serving import words
from jupyter_mlpack.inspection.serving.effects import Effects, Habit, Known
from jupyter_mlpack.inspection.serving.nodes import (
    changes_by_word,
    free_names,
    is_ambient,
    objects_in,
    root,
    target_names,
)
from jupyter_mlpack.inspection.syntax import children

BUILTINS = frozenset(dir(builtins))


class Expressions:
    """A walk through expressions; depth is bounded by the tree's (``syntax.MAX_DEPTH``)."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.found = Effects()
        self.steps = False
        """Whether something is learnt step by step: ``backward``."""
        self.by_parameters: set[str] = set()
        self.called: set[str] = set()
        self.given: frozenset[str] = frozenset()
        """Names that the statement itself has given a value before what is read now."""

    def finished(self) -> Effects:
        """All effects, with those on what the changed names are made of."""
        found, known = self.found, self.known
        if self.steps:
            stepping = self.by_parameters | found.trained or self._called_models()
            found.trained |= stepping
            found.changes |= stepping
            found.trains = True
        for name in list(found.changes):
            found.changes |= known.aliases.get(name, frozenset())
        for name in list(found.trained):
            held = known.aliases.get(name, frozenset()) | known.holders.get(name, frozenset())
            found.trained |= held
            found.changes |= held
        found.trains = found.trains or bool(found.trained)
        return found

    def _called_models(self) -> set[str]:
        """What is called in a statement that learns step by step, and may be what learns."""
        called = self.called - self.known.imports - set(self.known.functions) - BUILTINS
        return {name for name in called if words.MODEL.search(name)} or called

    def expression(self, node: ast.AST) -> None:
        """Take in one expression that is evaluated when the statement runs."""
        if isinstance(node, ast.Name):
            self._read(node.id)
        elif isinstance(node, ast.Lambda):
            for default in (*node.args.defaults, *(one for one in node.args.kw_defaults if one)):
                self.expression(default)
            free = free_names(node)
            self.found.reads |= free
            self.found.later |= free
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            self._comprehension(node)
        elif isinstance(node, ast.NamedExpr):
            self.expression(node.value)
            outer = self.given
            self._bind(node.target, False)
            self.given = outer  # behind ``and`` it may not be reached
        else:
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Attribute) and node.attr in words.PARAMETERS:
                self.by_parameters |= {name for name in [root(node.value)] if name}
            for part in children(node):
                self.expression(part)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        own = {name for part in node.generators for name in target_names(part.target)}
        before = self.found.reads
        self.found.reads = set()
        for part in children(node):
            for inner in children(part) if isinstance(part, ast.comprehension) else [part]:
                self.expression(inner)
        self.found.reads = before | (self.found.reads - own)

    def _call(self, node: ast.Call) -> None:
        name = called(node)
        self._pickle(node, name)
        if is_ambient(node.func) or name in words.AMBIENT_CALLS:
            self.found.ambient = True
        self.steps = self.steps or name in words.BACKWARD
        if isinstance(node.func, ast.Attribute):
            self._method(node, node.func, root(node.func.value))
        elif isinstance(node.func, ast.Name):
            self.called.add(node.func.id)
            habit = self.known.functions.get(node.func.id)
            if habit is not None:
                self._habit(node, habit)
            elif node.func.id in self.known.imports and self._trains(name, node, ""):
                self.found.trains = True
        first = root(node.args[0]) if node.args else ""
        if first and (name in words.ARGUMENTS or (name.endswith("_") and not name.endswith("__"))):
            self._change(first)
            if name in words.FILLS and root(node.func) in ("", name, *self.known.imports):
                self.found.loaded.add(first)

    def _pickle(self, node: ast.Call, name: str) -> None:
        owner = root(node.func)
        is_pickler = owner in words.PICKLERS or (owner == name and name in self.known.imports)
        if name in words.UNPICKLE_ANYWHERE or (is_pickler and name in words.UNPICKLES):
            self.found.unpickles = True
        elif is_pickler and name in words.DUMPS and node.args:
            self.found.dumped |= objects_in(node.args[0])

    def _method(self, node: ast.Call, function: ast.Attribute, owner: str) -> None:
        name = function.attr
        is_library = owner in self.known.imports
        if self._trains(name, node, owner):
            self.found.trains = True
            if owner and not is_library:
                self._change(owner)
                self.found.trained.add(owner)
                given = {root(argument) for argument in node.args} if self._is_trainer(owner) else set[str]()
                trained = {one for one in given if one and words.MODEL.search(one)}
                self.found.trained |= trained
                self.found.changes |= trained
        elif name == "step" and owner in self.known.steppers:
            self.found.trained |= self.known.steppers[owner]
            self.found.changes |= self.known.steppers[owner]
        elif owner and name in words.LOADS and not is_library:
            self._change(owner)
            self.found.loaded.add(owner)
        elif self._changes(name, node, function.value, owner):
            self._change(owner)
        habit = self.known.methods.get(name)
        if habit is not None and owner and not is_library and habit.changes:
            self._change(owner)
            self.found.trained |= {owner} if habit.trains else set()
            self.found.loaded |= {owner} if habit.loaded else set()

    def _changes(self, name: str, node: ast.Call, value: ast.expr, owner: str) -> bool:
        """Whether a method changes what it stands on."""
        if owner in self.known.modules or owner[:1].isupper():
            return words.changes_module(name, not isinstance(value, ast.Name))
        return bool(owner) and (words.changes_in_place(name) or changes_by_word(node))

    def _trains(self, name: str, node: ast.Call, owner: str) -> bool:
        """Whether a call of this name learns from data."""
        if name in words.TRAINS:
            return bool(node.args or node.keywords) or self._is_trainer(owner)
        if name != words.TRAIN:
            return False
        switch = not node.keywords and all(isinstance(item, ast.Constant) for item in node.args)
        return self._is_trainer(owner) or not switch

    def _is_trainer(self, name: str) -> bool:
        """Whether something of this name trains models, by its name or that of its class."""
        return name in self.known.trainers or bool(name and words.TRAINER.search(name))

    def _habit(self, node: ast.Call, habit: Habit) -> None:
        """What a function of the notebook does to its arguments and to the notebook's names."""
        given = dict(zip(habit.arguments, map(root, node.args), strict=False))
        given |= {word.arg: root(word.value) for word in node.keywords if word.arg}
        known, found = set(habit.arguments), self.found
        for names, into in (
            (habit.changes, found.changes),
            (habit.trained, found.trained),
            (habit.loaded, found.loaded),
        ):
            into.update({given.get(name, "") if name in known else name for name in names} - {""})
        found.changes |= found.trained
        found.trains = found.trains or habit.trains

    def _bind(self, target: ast.AST | None, sure: bool) -> None:
        if target is None:
            return
        for name in target_names(target):
            self._name(name, sure)
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            if isinstance(part, (ast.Attribute, ast.Subscript)):
                self._change(root(part))
                self.expression(part)
                self.found.ambient = self.found.ambient or is_ambient(part)

    def _name(self, name: str, sure: bool, kind: str = "") -> None:
        if kind:
            self.found.kinds[name] = kind
        self.given |= {name}
        (self.found.binds if sure else self.found.changes).add(name)

    def _change(self, name: str) -> None:
        if name:
            self._read(name)
            self.found.changes.add(name)

    def _read(self, name: str) -> None:
        """A read counts unless the statement itself has given the name its value: ``with open(p) as f: load(f)``."""
        if name not in self.given:
            self.found.reads.add(name)
