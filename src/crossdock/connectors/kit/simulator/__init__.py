"""What simulators are made of: listeners, faults, the log of requests, the control API, and the panel people use."""

from crossdock.connectors.kit.simulator.base import Described, Simulator
from crossdock.connectors.kit.simulator.declaration import Counting, Part, Preset, SimulatorDeclaration, Taken, Unreadable
from crossdock.connectors.kit.simulator.faults import Fault, Faults, Kind
from crossdock.connectors.kit.simulator.listener import Listener
from crossdock.connectors.kit.simulator.log import LoggedRequest
from crossdock.connectors.kit.simulator.panel import Action, Field, Form, Panel, Row, Table

__all__ = [
    "Action",
    "Counting",
    "Described",
    "Fault",
    "Faults",
    "Field",
    "Form",
    "Kind",
    "Listener",
    "LoggedRequest",
    "Panel",
    "Part",
    "Preset",
    "Row",
    "Simulator",
    "SimulatorDeclaration",
    "Table",
    "Taken",
    "Unreadable",
]
