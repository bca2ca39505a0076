"""Words that questions about lists share: what a paper is called, and how it has something."""

from __future__ import annotations

HEADS = r"(?:papers?|entries|entry|works?|publications?|articles?|preprints?|titles?|abstracts?|ones|items?|studies)"
HAVE = r"(?:with|have|has|had|having|carry|carries|give|gives|giving|show|shows|showing|print|prints|printing|bear|bears|list|lists|include|includes|offer|offers|offering|provide|provides|providing|release|releases|releasing|contain|contains|come with|comes with|get|share|shares|publish|marked (?:as )?(?:having|with)|marked)"
