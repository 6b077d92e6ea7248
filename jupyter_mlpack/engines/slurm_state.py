"""Slurm's words for why a job waits and how it ended, as sentences. Pure."""

from __future__ import annotations

from jupyter_mlpack import errors

WAITING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD")
ALIVE = (*WAITING, "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING")
"""States after which more comes."""

REASONS = {
    "Priority": "Jobs with a higher priority are before it.",
    "Resources": "It waits for nodes that are free.",
    "None": "Slurm has not looked at it yet.",
    "Dependency": "It waits for another job.",
    "BeginTime": "It waits for the time at which it may begin.",
    "PartitionDown": "The partition is down: an administrator must bring it back, or name another partition.",
    "PartitionInactive": "The partition takes no jobs now: name another one, or wait.",
    "PartitionTimeLimit": "It wishes for more time than the partition gives: cancel it and wish for less (--time).",
    "PartitionNodeLimit": "It wishes for more nodes than the partition gives: cancel it and wish for fewer.",
    "PartitionConfig": "The partition does not give what it wishes for: cancel it and wish for less.",
    "ReqNodeNotAvail": "Nodes that could run it are down or reserved.",
    "NodeDown": "The node that it needs is down.",
    "BadConstraints": "No node offers what it wishes for: cancel it, and change the constraint or wish for less.",
    "JobHeldUser": "It is held: scontrol release lets it go.",
    "JobHeldAdmin": "An administrator holds it.",
    "Licenses": "It waits for a licence.",
    "Reservation": "It waits for its reservation.",
    "InvalidAccount": "Its account is not valid any more: cancel it and name another account.",
    "InvalidQOS": "Its quality of service is not valid any more: cancel it and name another.",
    "AccountNotAllowed": "The partition does not take jobs of this account: cancel it and name another partition.",
    "QOSNotAllowed": "The partition does not take this quality of service: cancel it and name another.",
}
"""Sentences for the reasons that squeue gives."""


def why_waiting(reason: str) -> str:
    """A sentence for squeue's reason, with its own word in brackets."""
    word = reason.strip("()").partition(",")[0].strip()
    sentence = REASONS.get(word)
    if sentence is None and "can't use this partition" in reason:
        sentence, word = REASONS["AccountNotAllowed"], reason
    if sentence is None and word.startswith(("QOS", "Assoc")):
        sentence = "A limit of your account or of its quality of service is reached: it waits until other jobs end."
    return f"{sentence} (Slurm: {word})" if sentence else f"Slurm says why it waits: {reason or 'nothing'}."


def why_ended(state: str, number: str, said: str) -> errors.EngineError | None:
    """Why Slurm, and not the training, ended a job; ``None`` where Slurm did not. ``said`` is its own last line."""
    word = state.partition(" ")[0].rstrip("+")
    if word == "TIMEOUT":
        return errors.SlurmTimeLimit(number=number)
    if word == "OUT_OF_MEMORY":
        return errors.OutOfMemory()
    if word in ("PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "REVOKED"):
        return errors.SlurmEndedJob(number=number, state=word, reason=ENDS[word])
    if word == "CANCELLED":
        return errors.SlurmEndedJob(number=number, state=word, reason=ENDS[word])
    if word in ("COMPLETED", "FAILED", ""):
        return errors.SlurmLeftNothing(number=number, state=word or "forgotten", said=said or "nothing")
    return errors.SlurmEndedJob(number=number, state=word, reason="Slurm gives no other reason")


ENDS = {
    "PREEMPTED": "another job with a higher priority took its place",
    "NODE_FAIL": "the node on which it ran failed",
    "BOOT_FAIL": "its node did not start",
    "DEADLINE": "its deadline passed",
    "REVOKED": "another cluster took it",
    "CANCELLED": "somebody cancelled it with Slurm's own commands",
}
"""What the states of Slurm mean in which a job is ended from outside."""
