"""What TensorBoard imports at start: as little as possible, and nothing here may fail.

An exception while an entry point is loaded would keep `tensorboard` itself from starting.
"""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from curvedoctor_tensorboard.plugin import DiagnosisPlugin

logger = logging.getLogger(__name__)


class Loader(base_plugin.TBLoader):  # type: ignore[misc]
    """Makes the plugin, or leaves TensorBoard without it."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add our flags; all are off by default."""
        try:
            group = parser.add_argument_group("curvedoctor")
            group.add_argument(
                "--curvedoctor_write",
                action="store_true",
                help="Let the Diagnosis tab write diagnoses into RUN/curvedoctor/ (by default it writes "
                "nothing).",
            )
        except Exception:
            logger.warning("curvedoctor's flags could not be added", exc_info=True)

    def load(self, context: object) -> DiagnosisPlugin | None:
        """The plugin, or None (and a line in the log) if it can't be made."""
        try:
            from curvedoctor_tensorboard.plugin import DiagnosisPlugin

            return DiagnosisPlugin(context)
        except (Exception, SystemExit):
            logger.warning("the Diagnosis tab is not available", exc_info=True)
            return None
