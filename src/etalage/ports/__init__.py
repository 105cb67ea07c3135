"""All we ask of the outside world: six ports. `store/` answers them, `app.py` picks the answers by URL.

Steps never see these; `flow/` hands them what they need. One contract suite (tests/contract) runs on every answer.
"""

from __future__ import annotations

from typing import NamedTuple

from etalage.ports.changes import Aside, Erasable, Replayable, Retried, Rewritten, ShutReason
from etalage.ports.columns import EVENT_COLUMNS
from etalage.ports.keys import Keys
from etalage.ports.log import Account, Archive, EventLog, Manifest, Sealable
from etalage.ports.models import Models
from etalage.ports.profiles import FoldHead, Profiles, ProfilesWrite
from etalage.ports.records import ApiKey, AuditLine, Document, DocumentKind, DocumentState, Records
from etalage.ports.warehouse import Answer, Changing, InFiles, Questions, Row, Warehouse

__all__ = [
    "EVENT_COLUMNS",
    "Account",
    "Answer",
    "ApiKey",
    "Archive",
    "Aside",
    "AuditLine",
    "Changing",
    "Document",
    "DocumentKind",
    "DocumentState",
    "Erasable",
    "EventLog",
    "FoldHead",
    "InFiles",
    "Keys",
    "Manifest",
    "Models",
    "Ports",
    "Profiles",
    "ProfilesWrite",
    "Questions",
    "Records",
    "Replayable",
    "Retried",
    "Rewritten",
    "Row",
    "Sealable",
    "ShutReason",
    "Warehouse",
]


class Ports(NamedTuple):
    """One shop's ports, opened; closed together."""

    log: EventLog
    profiles: Profiles
    keys: Keys
    records: Records
    warehouse: Warehouse
    models: Models

    def close(self) -> None:
        """Release everything, in the order in which it depends on each other."""
        self.warehouse.close()
        self.profiles.close()
        self.log.close()
        self.records.close()
        self.keys.close()
