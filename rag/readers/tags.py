"""The tags of reference managers' files, by format, with the column name that each stands for.

An empty name is a detail that a paper does not keep here.
"""

from __future__ import annotations

from collections.abc import Mapping


def _build_tags(pair_list: str, unkept: str) -> Mapping[str, str]:
    pairs = (item.split("=") for item in pair_list.split())
    return {tag: name for tag, name in pairs} | dict.fromkeys(unkept.split(), "")


RIS = _build_tags(
    "TI=title T1=title CT=title BT=booktitle T2=journal JO=journaltitle JF=fulljournalname JA=journalabbreviation "
    "J1=journalname J2=journalabbreviation T3=series AU=authors A1=authors PY=year Y1=date DA=date AB=abstract "
    "N2=abstract DO=doi UR=url L1=files L2=url LK=url KW=keywords N1=note TY=type AN=accession C7=articlenumber "
    "AD=affiliations C2=pmcid ID=identifier",
    "ER VL IS SP EP SN PB CY LA Y2 ED A2 A3 A4 DB DP M1 M2 M3 C1 C3 C4 C5 C6 C8 CN ET NV OP RI RN RP SE ST TA U1 U2 "
    "U3 U4 U5 VO L3 L4 AV CA CP PP SV TT LB EN DS",
)
"""``JO`` and ``T2`` both name the journal, and sources differ in which is the full name."""

MEDLINE = _build_tags(
    "PMID=pmid TI=title BTI=title TT=vernaculartitle FAU=authorfullnames AU=authors CN=groups AB=abstract DP=date "
    "JT=fulljournalname TA=journalabbreviation LID=locations AID=locations MH=meshterms OT=keywords PT=type "
    "AD=affiliations OAB=otherabstract",
    "OWN STAT DCOM LR IS IP VI PG LA PL JID SB EDAT MHDA CRDT PHST PST SO DEP GR PMC PMCR COIS AUID FIR IR CI RN SI OTO "
    "NM PS FPS JC DA UOF UIN CON CIN EIN EFR RIN ROF RF NI SPIN ORI CRI CRF GN ISBN PB CTI EN ED FED DRDT CDAT DT LRD "
    "OID OCI PUBM RPI RPF FPAGE SFM TOW OBR MID",
)

END_NOTE = _build_tags(
    "A=authors T=title J=journal B=booktitle D=year 8=date X=abstract R=doi U=url K=keywords 0=type >=files "
    "S=series +=affiliations F=label Z=note",
    "V N P I @ C G E Y 7 L M Q ! O W ~ 1 2 3 4 6 9 ? ( ) ^ & = $ # [ | <",
)

WEB_OF_SCIENCE = _build_tags(
    "PT=type AU=authors AF=authorfullnames CA=groups TI=title SO=journal AB=abstract PY=year PD=month DI=doi DE=keywords "
    "ID=keywordsplus PM=pmid C1=authoraddresses DT=documenttype CT=conference",
    "LA SC WC CR NR TC Z9 PU PI PA SN EI BN J9 JI VL IS BP EP AR DA UT GA PG RP EM RI OI FU FX CY CL SP HO U1 U2 OA HC HP "
    "D2 EA EY SI SU PN MA BE BA BF GP SE BS ED P2 WE ER C3 FN VR EF LP",
)
