"""Calls the predict function: for one request, for many instances, and by trial where its signature is silent.

All methods are coroutines that wait for nothing but an async predict function: for any other one they run to their end
at the first step, in a worker thread (``drive``).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from mlpack_server.faults import INPUT, CallError, Refused
from mlpack_server.kinds import CONVERTERS, Form
from mlpack_server.results import listed, size
from mlpack_server.signature import Signature, dotted

T = TypeVar("T")
Values = Mapping[str, Any]
TRIALS: dict[Form, str] = {"array": "numpy", "frame": "pandas"}
"""What a value without an annotation is tried as when the function cannot use it as it came, and the library of it."""


class Predictor:
    """The function with what was learned about it; ``heard`` is told of every exception of it."""

    def __init__(self, function: Callable[..., Any], signature: Signature, heard: Callable[[Exception], None]) -> None:
        self.function, self.signature, self._heard = function, signature, heard
        self._batch = signature.batch
        self._forms: tuple[Form, ...] = ("any",)
        self._learned = not any(parameter.kind.form == "any" for parameter in signature.parameters)

    async def one(self, values: Values, at: str = "") -> Any:
        """The result for one set of values. Raises Refused, CallError."""
        return await self._tried(self.signature.validate(values, at))

    async def many(self, instances: Sequence[Any], extra: Values, at: str = "instances") -> tuple[list[Any], Any]:
        """A result for each instance, and the function's own value where it took all at once (else None).

        ``extra`` are values that all instances share. Raises Refused, CallError.
        """
        unknown = sorted(extra.keys() - self.signature.names)
        if unknown:
            raise Refused(422, f"parameters: the function has no parameter {', '.join(unknown)}")
        if not instances:
            self.signature.validate(extra, "parameters")
            return [], None
        if self._batch:
            return await self._whole(instances, extra, at)
        try:
            return await self._each(instances, extra, at), None
        except (Refused, CallError) as refused:
            if self._batch is False or not may_be_batch(refused):
                raise
            try:
                results = await self._whole(instances, extra, at)
            except (Refused, CallError):
                raise refused from None
            if isinstance(refused, CallError):
                self._batch = True
            return results

    async def _each(self, instances: Sequence[Any], extra: Values, at: str) -> list[Any]:
        """One call for each. All are validated before the first call."""
        signature = self.signature
        calls = [
            signature.validate(self._with(instance, extra, dotted(at, str(number))), dotted(at, str(number)))
            for number, instance in enumerate(instances)
        ]
        results = [await self._tried(arguments) for arguments in calls]
        if self._batch is None and self._learned and any(p.kind.depth is None for p in signature.parameters):
            self._batch = False
        return results

    async def _whole(self, instances: Sequence[Any], extra: Values, at: str) -> tuple[list[Any], Any]:
        """One call for all."""
        lone = self.signature.lone
        if lone is not None:
            values = {lone.name: unwrapped(instances, lone.name) if lone.kind.form != "frame" else list(instances)}
            if lone.kind.form == "frame" and all(
                isinstance(item, dict) and set(item) == {lone.name} for item in instances
            ):
                values = {lone.name: [item[lone.name] for item in instances]}
        else:
            rows = [self.signature.bind(instance, dotted(at, str(row))) for row, instance in enumerate(instances)]
            values = {name: [row[name] for row in rows] for name in rows[0] if all(name in row for row in rows)}
        result = await self._tried(self.signature.validate({**extra, **values}, at), len(instances))
        return listed(result, len(instances)), result

    def _with(self, instance: Any, extra: Values, at: str) -> Values:
        if isinstance(instance, dict) and extra and self.signature.required <= instance.keys() | extra.keys():
            merged = {**extra, **instance}
            if self.signature.fits(merged):
                return merged
        return {**extra, **self.signature.bind(instance, at)}

    async def _tried(self, arguments: Values, count: int | None = None) -> Any:
        """Calls with the values as they came, then, where no annotation says what they are, as arrays and tables."""
        if self._learned and self._forms == ("any",):
            return await self._call(arguments)
        first: CallError | None = None
        uneven: list[Any] = []
        for form in self._forms if self._learned else ("any", *forms(arguments)):
            try:
                tried = self._as(arguments, form)
                result = await self._call(tried)
            except CallError as error:
                first = first or error
                if not isinstance(error.error, INPUT):
                    raise
                continue
            except ValueError:
                continue
            if count is not None and size(result) != count and not isinstance(result, dict):
                uneven.append(result)
                continue
            if not self._learned:
                self._learned, self._forms = True, ((form,) if form == "any" else (form, "any"))
            return result
        if uneven:
            return uneven[0]
        if first is not None:
            self._heard(first.error)
            raise first
        raise Refused(422, f"{self.signature.lone and self.signature.lone.name}: the function cannot use this value")

    def _as(self, arguments: Values, form: Form) -> Values:
        """The arguments without an annotation in another form. Raises ValueError where they have none."""
        if form == "any":
            return arguments
        loose = {p.name for p in self.signature.parameters if p.kind.form == "any" and p.required}
        return {name: CONVERTERS[form](value) if name in loose else value for name, value in arguments.items()}

    async def _call(self, arguments: Values) -> Any:
        try:
            result = self.signature.call(self.function, arguments)
            return await result if self.signature.is_async else result
        except Exception as error:
            if self._learned and self._forms == ("any",):
                self._heard(error)
            raise CallError(error) from error


def forms(arguments: Values) -> Iterator[Form]:
    """What values without an annotation may be tried as: only what the notebook itself has loaded."""
    if any(isinstance(value, (list, dict)) for value in arguments.values()):
        yield from (form for form, library in TRIALS.items() if library in sys.modules)


def may_be_batch(failure: Refused | CallError) -> bool:
    """Whether the same instances may still be right for a function that takes all at once."""
    return failure.status == 422 if isinstance(failure, Refused) else isinstance(failure.error, INPUT)


def unwrapped(instances: Sequence[Any], name: str) -> list[Any]:
    """Instances that name the one parameter, without its name."""
    return [item[name] if isinstance(item, dict) and set(item) == {name} else item for item in instances]


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("a predict function that is not async returned something to wait for")
