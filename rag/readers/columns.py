"""Which named fields of records are understood, by any of their spellings, and which were not.

Spellings vary (``abstract``, ``Abstract Note``, ``paper_abstract``); they are compared by their letters
and digits alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rag.types import Entry
from rag.types.papers import OUR_NOTE

_KEYS: Mapping[str, str] = {
    "title": "title papertitle articletitle displayname documenttitle maintitle primarytitle "
    "titleprimary bookTitle titel titre título titolo",
    "subtitle": "subtitle",
    "text": "abstract paperabstract abstracttext abstractnote abstracts summary text body content "
    "abstracten description notesabstract zusammenfassung kurzfassung résumé resumen riassunto",
    "authors": "authorfullnames authorsfullnames authornamesfull authors author authornames creators "
    "creator authorsname authoraf authorshipsauthordisplayname authorname bookauthorfullnames bookauthors inventors autoren autor auteurs auteur autores autori",
    "complete": "authorscomplete",
    "affiliations": "affiliations affiliation institutions institution authoraffiliations addresses "
    "authorswithaffiliations authorsaffiliations authorsrawaffiliation authoraddresses",
    "year": "year publicationyear pubyear yearpublished yearofpublication publishedyear coverdateyear jahr erscheinungsjahr année año anno yr",
    "date": "date published publicationdate publisheddate pubdate issued publishedprint "
    "publishedonline datepublished coverdate created publicationdatestring updatedate pdate cdate "
    "when datepublication dateofpublication publicationdateprint publicationdateonline onlinedate earlyaccessdate",
    "month": "month publicationmonth",
    "day": "day",
    "url": "url link paperurl urlabs pdfurl links articleurl sourceurl landingpageurl openaccessurl "
    "externalurl doiurl fulltexturl urls pdflink fulltextlink sourceurls dimensionsurl",
    "doi": "doi doilink doinumber",
    "venue": "venue journal journaltitle journalbook booktitle publicationtitle publicationtitles "
    "containertitle sourcetitle sourcefulltitle fulljournalname journalname publicationname "
    "wherepublished publishedin publishedwhere outlet conferencename conference conferencetitle proceedingstitle journalref hostvenue "
    "primarylocation jfullname secondarytitle sourcename source journalabbreviation eventname anthologytitle meetingname series zeitschrift revue revista rivista",
    "category": "category primarycategory primaryclass categories eprintclass",
    "code": "code hascode",
    "id": "id key identifier",
    "arxiv": "arxiv arxivid eprint",
    "archive": "archiveprefix eprinttype archive",
    "pmid": "pmid pubmedid pubmed pubmedpmid medlinepmid",
    "keywords": "keywords keyword authorkeywords indexkeywords keywordsplus tags manualtags "
    "automatictags meshterms meshheadings meshheading mesh subject subjects subjectterms concepts "
    "topics fieldsofstudy s2fieldsofstudy descriptors ieeeterms emtreemedicalindexterms emtreedrugindexterms schlagwörter schlagworte motsclés palabrasclave parolechiave",
    "files": "file files fileattachments attachments pdf",
    "retracted": "isretracted retracted",
    "note": "annote note notes n1 remarks",
    "extra": "extra",
    "type": "itemtype type documenttype publicationtype publicationtypes genre typecrossref subtype",
    "score": "score",
    "places": "sources",
    "links": "linksinthetext",
    "label": "label",
    "page_owners": "pageowners",
}  # fmt: skip
"""The spellings of each field, the preferred ones first."""
_FIELD_OF = {key.lower(): field for field, keys in _KEYS.items() for key in keys.split()}
_JOINED = frozenset(("keywords",))
"""Fields whose values in several columns all count."""

_KEPT_BY_NOBODY = frozenset(
    "ref refno nr no volume issue number pages page pagestart pageend pagecount numpages startpage endpage firstpage lastpage "
    "artno articleno articlenumber issn eissn isbn publisher publisherlocation place location address "
    "language languageoforiginaldocument citationkey citedby citedbycount "
    "citationcount timescited referencecount references citedreferences nreferences isreferencedbycount dateadded "
    "datemodified accessdate accessed urldate lastmodified timestamp biburl bibsource owner groups "
    "editor editors translator seriesnumber edition chapter organization school "
    "rights librarycatalog callnumber shorttitle "
    "numberofvolumes openaccess eid scopusid corpusid paperid member prefix score deposited indexed "
    "copyright license licence issuedate unnamed0 index rownumber row paper jabref "
    "citation firstauthor createdate pmcid nihmsid authorsid authorids authoridentifiers "
    "eventdate origdate howpublished bdskurl1 keywordsids pubstate langid "
    "volumetitle pagination numpage articlenum sourceid source1 entrytype bibtype "
    "molecularsequencenumbers chemicalscas tradenames manufacturers fundingdetails fundingtexts fundingtext "
    "fundingorgs fundingnamepreferred fundinginformation funder correspondenceaddress correspondingauthors "
    "sponsors conferencedate conferencelocation conferencecode conferencesponsor conferencehost coden "
    "abbreviatedsourcetitle publicationstage bookeditors bookseriestitle bookseriessubtitle "
    "reprintaddresses emailaddresses researcherids orcids citedreferencecount timescitedwoscore "
    "timescitedalldatabases 180dayusagecount since2013usagecount publishercity publisheraddress "
    "journalisoabbreviation partnumber specialissue meetingabstract bookdoi numberofpages woscategories "
    "webofscienceindex researchareas idsnumber openaccessdesignations highlycitedstatus hotpaperstatus "
    "dateofexport utuniquewosid webofsciencerecord seriestext seriestitle archivelocation linkattachments "
    "serieseditor bookauthor reviewedauthor lensid issns isbns sourcecountry issuenumber "
    "microsoftacademicid citingpatentscount citingworkscount isopenaccess openaccesslicense openaccesscolour "
    "publicationid researchorganizationsstandardized gridids cityofresearchorganization "
    "countryofresearchorganization recentcitations rcr fcr altmetric sourcelinkout countryofauthor "
    "casregistrynumbers articlelanguage embaselink openurllink dateaddedtoxplore articlecitationcount "
    "patentcitationcount meetingdate documentidentifier uniqueid journaliso webofsciencecategories "
    "numberofcitedreferences usagecountlast180days usagecountsince2013 docdeliverynumber authoremail "
    "fundingacknowledgement orcidnumbers researcheridnumbers".split()
)
"""Bibliographic details that a paper does not keep here: known, so that they need no remark."""
IDENTIFIER_LINE = re.compile(
    r"^[^\S\n]{0,9}(PMID|arXiv|DOI)[^\S\n]{0,9}:[^\S\n]{0,9}(\S+)", re.IGNORECASE | re.MULTILINE
)
"""What is read of a note."""
_NOTES = frozenset(("note", "extra"))
_KEPT_AS: Mapping[str, tuple[str, ...]] = {
    "affiliations": ("affiliations",), "category": ("category",), "code": ("code",), "doi": ("doi",),
    "month": ("month",), "url": ("url", "doi", "pmid"), "arxiv": ("arxiv", "url"), "pmid": ("pmid",),
    "keywords": ("keywords",), "files": ("files",), "score": ("score",), "authors": ("authors",), "venue": ("venue",),
}  # fmt: skip
"""What of an entry a field's value is kept as; a score is only read from our own exports."""
_NOT_A_LETTER = re.compile(r"[\W_]+")
_LEVELS = 2
"""Records may lie in ``metadata`` or ``data``, not deeper."""


def get_key(column: str) -> str:
    """The spelling that is compared: ``Paper_Title`` -> ``papertitle``."""
    return _NOT_A_LETTER.sub("", column).lower()


def find_column_field(column: str) -> str | None:
    """The field that a column names: ``Paper_Title`` -> ``title``; None for any other column."""
    return _FIELD_OF.get(get_key(column))


def is_known(column: str) -> bool:
    """Whether a column is read, or known to hold what no paper keeps here."""
    key = get_key(column)
    return not key or key in _FIELD_OF or key in _KEPT_BY_NOBODY


def is_filled(value: object) -> bool:
    return value not in (None, "", [], {}) and not (isinstance(value, str) and is_blank(value))


def is_blank(value: str) -> bool:
    """Whether a cell says that it has no value: ``nan``, ``N/A``."""
    return value.strip().lower() in ("", "nan", "none", "null", "n/a", "na", "nat", "<na>", "-")


def extract_fields(record: Mapping[str, object]) -> dict[str, object]:
    """Values by field; of several columns the one preferred that has a value, of keywords all."""
    values: dict[str, object] = {}
    _collect(record, values, _LEVELS)
    fields: dict[str, object] = {}
    for field, spellings in _KEYS.items():
        filled = [values[key] for key in spellings.lower().split() if is_filled(values.get(key))]
        if field in _JOINED and len(filled) > 1:
            fields[field] = [*filled]
        elif filled:
            fields[field] = filled[0]
    return fields


def _collect(record: Mapping[str, object], values: dict[str, object], levels: int) -> None:
    for column, value in record.items():
        key = get_key(str(column))
        if not is_filled(values.get(key)):
            values[key] = value
    inner = values.get("metadata")
    if levels and isinstance(inner, Mapping):
        values["metadata"] = None
        _collect(inner, values, levels - 1)


class Columns:
    """Counts the columns that were filled and not understood, over the records of a document."""

    def __init__(self, what: str = "column") -> None:
        self._what = what
        self._counts: Counter[str] = Counter()
        self._dates: Counter[str] = Counter()
        self._unkept: Counter[str] = Counter()

    def count(self, columns: Iterable[tuple[str, object]]) -> None:
        """Note one record's columns with their values."""
        for column, value in columns:
            if not is_known(column) and get_key(column) != "metadata":
                if is_filled(value) and (not isinstance(value, str) or value.strip()):
                    self._counts[column] += 1

    def check_kept(
        self,
        columns: Iterable[tuple[str, object]],
        entry: Entry,
        names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Note the columns that are known and filled, though nothing of them stands in the entry.

        ``names`` has the column for which a format's own tag stands.
        """
        for column, value in columns:
            field = find_column_field(names.get(column, column))
            if not is_filled(value) or field is None:
                continue
            if field in ("date", "year"):
                self._dates[column] += entry.year is None
            elif field in _NOTES:
                text = "\n".join(map(str, value if isinstance(value, list) else [value])).strip()
                is_read = text.startswith(OUR_NOTE) or IDENTIFIER_LINE.search(text)
                self._unkept[column] += not is_read
            elif field in _KEPT_AS:
                values = (getattr(entry, name) for name in _KEPT_AS[field])
                self._unkept[column] += all(v in (None, (), "") for v in values)

    @property
    def notes(self) -> tuple[str, ...]:
        """``column 'Foo': not understood, filled in 12 rows``, in the order of the document."""
        reasons = (
            ("not understood, filled in", self._counts),
            ("known, but nothing of it is kept, filled in", self._unkept),
            ("no date that is understood in", self._dates),
        )
        return tuple(
            f"{self._what} {column!r}: {what} {n} {'row' if n == 1 else 'rows'}"
            for what, counts in reasons
            for column, n in counts.items()
            if n
        )
