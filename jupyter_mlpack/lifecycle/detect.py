"""The detect phase: order -> the group of buildpacks that takes part, and the build plan.

Groups are tried in turn. A group's ``bin/detect`` run at the same time, each buildpack's once for the whole phase.
Composite buildpacks stand for their own orders, in place. Exit status 0 passes, 100 says no, all others are errors.
"""

from __future__ import annotations

from jupyter_mlpack import errors
from jupyter_mlpack.events import LogLines
from jupyter_mlpack.frozen import dataclass, field, replace
from jupyter_mlpack.lifecycle.answers import ERROR, FAIL, PASS, Answer
from jupyter_mlpack.lifecycle.context import Session
from jupyter_mlpack.lifecycle.descriptor import Descriptor, fits
from jupyter_mlpack.lifecycle.files import write_group, write_plan
from jupyter_mlpack.lifecycle.records import GroupElement, Order
from jupyter_mlpack.lifecycle.resolve import Passed, Resolution, resolve_plan

_Group = tuple[GroupElement, ...]


def detect(order: Order, session: Session) -> Resolution:
    """Run the phase: writes ``group.toml`` and ``plan.toml`` into the layers folder.

    Raises ``DetectFailed`` (exit 20), ``DetectErrored`` (21), ``DetectBroken`` (22).
    """
    detector = _Detector(session)
    try:
        outcome = detector.try_order(order, (), (), optional=False)
        if isinstance(outcome, Resolution):
            write_group(session.folders.layers / "group.toml", outcome.group)
            write_plan(session.folders.layers / "plan.toml", outcome.plan)
            return outcome
    except OSError as error:
        raise errors.DetectBroken(path=error.filename, reason=error.strerror) from error
    except RecursionError as error:
        reason = "A composite buildpack is made of itself, or its groups are many hundreds deep."
        raise errors.DetectBroken(path="order.toml", reason=reason) from error
    raise detector.failure(outcome)


@dataclass(frozen=True)
class _Refusal:
    """Why an order did not fit; ``errored`` is the first buildpack that had an error."""

    reasons: tuple[str, ...]
    errored: GroupElement | None = None


@dataclass
class _Detector:
    """One run of the phase; ``answers`` remembers what each buildpack said, by ``id@version``."""

    session: Session
    answers: dict[str, Answer] = field(default_factory=dict)

    def try_order(self, order: Order, done: _Group, following: _Group, optional: bool) -> Resolution | _Refusal:
        """The first group of ``order`` (with ``following`` behind it) that resolves; ``done`` are those before it."""
        refusals: list[_Refusal] = []
        for group in order:
            outcome = self._try_group(group + following, done)
            if isinstance(outcome, Resolution):
                return outcome
            refusals.append(outcome)
        if optional:
            return self._try_group(following, done)
        errored = next((refusal.errored for refusal in refusals if refusal.errored), None)
        return _Refusal(tuple(reason for refusal in refusals for reason in refusal.reasons), errored)

    def _try_group(self, group: _Group, done: _Group) -> Resolution | _Refusal:
        for number, element in enumerate(group):
            if element.id in {member.id for member in done}:
                continue
            descriptor = self._look_up(element)
            if descriptor.order:
                return self.try_order(descriptor.order, done, group[number + 1 :], element.optional)
            # an optional buildpack is asked even if its targets do not fit: so does the official detector
            if not element.optional and not fits(descriptor, self.session.target):
                self.answers[element.reference] = Answer(ERROR, self._misfit(element))
            done += (replace(element, api=descriptor.api, homepage=descriptor.homepage),)
        self._ask(done)
        return self._judge(done)

    def _look_up(self, element: GroupElement) -> Descriptor:
        try:
            return self.session.descriptors[element.reference]
        except KeyError:
            reason = "There is no such buildpack in the catalog."
            raise errors.DetectBroken(path=element.reference, reason=reason) from None

    def _misfit(self, element: GroupElement) -> str:
        target = self.session.target
        run = f"{target.os}/{target.arch} {target.distro} {target.distro_version}".strip()
        return f"None of the targets of {element.reference} fits the run image ({run})."

    def _ask(self, done: _Group) -> None:
        """Ask those that have not been asked before."""
        names = [element.reference for element in done if element.reference not in self.answers]
        given = self._answers([self.session.descriptors[name] for name in names])
        self.answers.update(zip(names, given, strict=True))
        for name, answer in zip(names, given, strict=True):
            if lines := answer.output.splitlines():
                self.session.emit(LogLines("detect", tuple(f"[{name}] {line}" for line in lines)))

    def _answers(self, descriptors: list[Descriptor]) -> list[Answer]:
        """What they say, or said when they were last asked the same."""
        outcomes = self.session.outcomes
        said = [outcomes.answer(descriptor, self.session) if outcomes else None for descriptor in descriptors]
        unasked = [descriptor for descriptor, answer in zip(descriptors, said, strict=True) if answer is None]
        if not unasked:
            return [answer for answer in said if answer is not None]
        from jupyter_mlpack.lifecycle.question import ask

        fresh = dict(zip((descriptor.reference for descriptor in unasked), ask(unasked, self.session), strict=True))
        if outcomes:
            for descriptor in unasked:
                outcomes.remember_answer(descriptor, self.session, fresh[descriptor.reference])
        return [answer or fresh[item.reference] for item, answer in zip(descriptors, said, strict=True)]

    def _judge(self, done: _Group) -> Resolution | _Refusal:
        status = {element: self.answers[element.reference].status for element in done}
        against = [element for element in done if status[element] != PASS and not element.optional]
        if against:
            errored = next((element for element in done if status[element] not in (PASS, FAIL)), None)
            return _Refusal(tuple(f"{element.reference} said no" for element in against), errored)
        passed = [
            Passed(element, self.answers[element.reference].alternatives) for element in done if status[element] == PASS
        ]
        outcome = resolve_plan(passed) if passed else ("no buildpack passed",)
        return outcome if isinstance(outcome, Resolution) else _Refusal(outcome)

    def failure(self, refusal: _Refusal) -> errors.LifecycleError:
        """The error that says why nothing fits."""
        from jupyter_mlpack.lifecycle.tail import last_lines

        if refusal.errored is not None:
            name = refusal.errored.reference
            answer = self.answers[name]
            lines = last_lines(answer.output.splitlines())
            return errors.DetectErrored(buildpack=name, status=answer.status, lines=lines)
        said_no = [answer.output for answer in self.answers.values() if answer.status == FAIL]
        lines = last_lines([*"\n".join(said_no).splitlines(), *dict.fromkeys(refusal.reasons)])
        return errors.DetectFailed(buildpacks=", ".join(self.answers) or "none", lines=lines)
