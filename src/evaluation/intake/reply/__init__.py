"""What is sent back to an office: a workbook with the marked cells and a one-page note, both made new.

Nothing of a received file is edited or carried along. Of a file that was
refused for safety only the places and kinds of what was found are named.
"""

from evaluation.intake.reply.files import write_reply
from evaluation.intake.reply.note import note
from evaluation.intake.reply.workbook import reply_workbook

__all__ = ["note", "reply_workbook", "write_reply"]
