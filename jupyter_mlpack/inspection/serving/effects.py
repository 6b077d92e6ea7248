"""What statements do to names, and what is known of a notebook's names: the values."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mlpack.frozen import dataclass, field


@dataclass(frozen=True)
class Habit:
    """What a function of the notebook does when it is called.

    ``arguments`` are its parameters' names in order; of these and of global names it may change some and train some;
    ``trains`` also when it is not known what.
    """

    arguments: tuple[str, ...] = ()
    changes: frozenset[str] = frozenset()
    trained: frozenset[str] = frozenset()
    loaded: frozenset[str] = frozenset()
    trains: bool = False


@dataclass(frozen=True)
class Known:
    """What is known of the notebook's names: its functions, methods of its classes that change themselves, its imports.

    ``modules`` are imports that are surely modules, ``trainers`` names of what trains models by its class.
    ``holders`` are names made of others: an alias, an optimizer of a model, a trainer. What changes them changes those.
    """

    functions: Mapping[str, Habit] = field(default_factory=dict)
    methods: Mapping[str, Habit] = field(default_factory=dict)
    imports: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    trainers: frozenset[str] = frozenset()
    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    holders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    steppers: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass
class Effects:
    """What a statement does. ``binds`` are names that it surely gives a new value, ``changes`` those that it may.

    ``reads`` are read when it runs, ``later`` when a function that it defines is called. ``trained`` are names whose
    content it learns from data, ``loaded`` those whose content it loads; ``trains`` says that it learns something.
    ``star`` marks ``from x import *``; ``ambient`` what always stays. ``kinds`` says of a bound name that it is an
    ``import``, a ``function`` or a ``class``, ``makers`` what else it is made of, and whether that is called.
    ``dumped`` are names whose objects are written as they are, with their classes; ``unpickles``: such are read.
    """

    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    trained: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)
    trains: bool = False
    star: bool = False
    ambient: bool = False
    kinds: dict[str, str] = field(default_factory=dict)
    makers: dict[str, set[tuple[str, bool]]] = field(default_factory=dict)
    dumped: set[str] = field(default_factory=set)
    unpickles: bool = False
