"""Words that say the same in labels and prose: a small general thesaurus of administrative, commercial and
scholarly language, so that 'effective date' finds 'in force from' and 'sender' finds 'From:'.

Each line is one concept; phrases are separated by '|'. When a variable's name or instructions hold one phrase, the
others count as (weaker) evidence too; in a line that begins with > only the first phrase calls the others. Nothing
here is specific to any collection of documents.
"""

from functools import lru_cache

from resources.models.reader.words import stem, stems_of, words_of

_GROUPS = """
effective | takes effect | in force | commencement | commencing | start | begins | as of | entered into
effective | gültig ab | effet | in kraft | vigueur | vigencia | decorrenza
start | begin | commence | beginn | début | inicio | inizio | commencing on | from
end | expire | expiration | expiry | terminate | until | ends | ende | fin | scadenza | completion | through
agreement date | contract date | dated | dated as of | entered into | made as of | made and entered into | as of
signed | signature | executed | unterzeichnet | signé | firmado
due | payable by | deadline | fällig | zahlbar bis | échéance | vencimiento | scadenza | vervaldatum
deadline | closing date | submit by | no later than | due
issued | issue | dated | invoice date | ausgestellt | rechnungsdatum | date de facture | factuurdatum
invoice | rechnung | facture | factura | fattura | factuur | faktura | bill | receipt
invoice number | invoice no | invoice id | rechnungsnummer | rechnung nr | factuurnummer | numéro de facture | bill no
number | no | nr | num | id | nummer | numéro | número | reference | ref
purchase | date | transaction | bought
total | grand total | total amount | amount due | total due | balance due | gesamt | gesamtbetrag | endbetrag | summe
total | totale | totaal | total ttc | totaalbedrag | importe total | razem | suma | total payable | net total
payable | due | to pay | zu zahlen | à payer | te betalen | a pagar | do zapłaty
amount | sum | total | betrag | montant | importe | importo | bedrag | kwota | value | awarded
price | cost | preis | prix | precio | prezzo | prijs | fee | charge
tax | vat | gst | mwst | ust | tva | iva | btw | mehrwertsteuer
budget | cost | costs | funding | total cost
grant | award | funding | fund | subsidy | awarded | granted | förderung | subvention
applicant | applied | application by | antragsteller | claimant | petitioner | demandeur | solicitante
grantee | recipient | beneficiary | awarded to | granted to | empfänger | bénéficiaire | beneficiario
claimant | plaintiff | complainant | petitioner | kläger | appellant
defendant | respondent | beklagter | défendeur | accused
party | parties | between | by and between | among | entered into | partei
municipality | town | village | city | commune | gemeinde | ort | stadt | place | municipio | comune
decision | decided | decide | decides | outcome | bescheid | beschluss | entscheidung | ruling | resolved | awarded
inspection | inspected | inspect | inspector | visit | visited | site visit | ortstermin | kontrolle | visite
case | file | dossier | docket | aktenzeichen | our reference
staff | officer | handler | dealt with by | decided by | case officer | inspector | clerk | prüfer | bearbeiter
contractor | installer | carried out | performed by | done by | works by | put in by | ausgeführt | firma | fitted by
withdrawn | withdrew | withdraw | withdrawal | zurückgezogen | zurückgenommen | retiré
output | power | capacity | leistung | puissance
cost | costs | total cost | kosten | brutto | invoice total | estimate | expenditure
previous | former | old | existing | present | replaced | replaces | bisherig | ersetzt | ersatz | alt
> previous | in place of | instead of | taken out | taking out | removed | removal of | went out | now
> decision | approved | refused | rejected | granted | resolved | determined | considered | dismissed | voted | ruled
> total | in all | altogether | together | all in | in full | insgesamt
> total | gesamtkosten | schlussrechnung | zusammen | brutto
> contractor | quotation | quote from | estimate of | tender | order | engaged | hired | subcontractor | goes to
> contractor | fachbetrieb | auftragnehmer | eingebaut | angebot | rechnung von | firma
> grant | zuwendung | zuschuss | bewilligt | fördersumme | sum of | up to
> works | maßnahme | massnahme | arbeiten | job | project | travaux
building | house | dwelling | property | objekt | gebäude | haus | bâtiment
built | dates from | erected | put up | completed in | opened in | errichtet
built | erbaut | aus dem jahr | year built | year of construction | baujahr | construction year | constructed
area | floor area | wohnfläche | surface | fläche | superficie
protected | listed | heritage | denkmalschutz | baudenkmal | denkmal
company | firm | corporation | unternehmen | société | empresa | azienda | bedrijf
issuer | issued by | vendor | seller | supplier | merchant | lieferant | verkäufer | fournisseur | company | shop
buyer | customer | client | bill to | sold to | kunde | käufer | acheteur | cliente
author | written by | by | prepared by | autor | auteur
sender | from | sent by | absender | expéditeur | von
recipient | to | sent to | addressed to | empfänger | an
sent | date | received | gesendet
subject | re | betreff | objet | asunto | regarding | title
title | heading | name | titel | titre | título
address | located at | adresse | anschrift | dirección | indirizzo | premises | place of business
location | place | city | country | region | site | located in | held in | took place in | ort | lieu | lugar | luogo
governing law | governed by | laws of | construed in accordance with | construed | applicable law | interpreted
jurisdiction | laws of | governed by | governing law | courts of | courts | law governs
law governs | governed by | laws of | construed
country | nation | land | país | paese
term | duration | length | period | for a period of | remain in effect | laufzeit | durée | plazo | duración | durata
duration | period | term | lasts | length | laufzeit | durée
renew | renewal | extend | extension | automatically renewed | successive | prolong | verlängerung
notice | notify | written notice | prior written notice | kündigungsfrist | préavis
terminate | termination | cancel | kündigung | résiliation
participants | patients | subjects | people | persons | women | men | enrolled | randomised | randomized | recruited
attendees | participants | visitors | attended | teilnehmer
control | placebo | control group | comparison | standard
intervention | treatment | treated | received | experimental
sample | participants | sample size | n
employees | staff | personnel | mitarbeiter | employés
contact | contact person | ansprechpartner | responsible
supervisor | manager | head | leader | leiter | director | coordinator | investigator
judge | presiding | richter | juge | decided by | before
born | birth | date of birth | geboren | né | nacido
died | death | deceased | gestorben
published | publication | released | veröffentlicht
approved | approval | approve | approves | awarded | granted | accepted | genehmigt | bewilligt | approuvé | aprobado
rejected | refused | refusal | refuse | declined | denied | turned down | dismissed | dismisses | abgelehnt | refusé
assign | assignment | transfer | assignable
liability | liable | haftung
limit | cap | limitation | exceed | maximum
exclusive | exclusivity | sole | solely
compete | competition | competitive | competing | competitor
solicit | solicitation | hire | recruit
audit | inspect | examine | books and records
insurance | insured | insure | policy of insurance
license | licence | licensed | grant
revenue | profit | royalty | share | sharing
change of control | merger | sale of all or substantially all
intellectual property | patent | copyright | invention
warranty | warrant | guarantee | garantie
beneficiary | benefit
disparage | disparagement | derogatory
refund | reimburse | repay | rückerstattung
victim | killed | injured | wounded | murdered | kidnapped
fuel | energieträger | brennstoff | combustible | energy source
oil | kerosene | heating oil | öl | heizöl | fioul
gas | natural gas | erdgas | lpg
weapon | explosive | bomb | gun | rifle
data | dataset | personal data
ethics | ethical | ethics committee | ethikkommission
consent | approval | permission | informed consent
salary | wage | pay | gehalt | salaire
weight | mass | gewicht | poids
temperature | temperatures | degrees
currency | währung | devise | moneda
"""

# Words that name a value's type and little else; weak in labels, without weight in prose.
TYPE_WORDS = stems_of(
    "date day datum fecha data dato number num no amount value figure name count quantity text category "
    "type boolean code id time year money currency percentage percent title country "
    "place location"
)

# A label with one of these is the label of a date.
DATE_WORDS = stems_of("date datum fecha data dato")

# Words that a label may add without meaning something else: 'Total incl. VAT', 'Grand total (rounded)'.
LIGHT_WORDS = stems_of(
    "grand incl inclusive including tax vat gst mwst tva iva after rounded final payable due sales sale rm"
)

# Words before or in a label that make it another label: 'Sub total', 'previous date'.
CONTRARY_WORDS = stems_of(
    "sub subtotal previous former excl excluding before print printed old last zwischensumme netto net discount "
    "change rounding qty quantity items item no number nr id "
    "paid tendered tender accepted cash received"
)


Phrase = tuple[str, ...]


def _group(line: str) -> tuple[Phrase, ...]:
    return tuple(tuple(stem(word) for word in words_of(phrase)) for phrase in line.split("|"))


@lru_cache(maxsize=1)
def concepts() -> tuple[tuple[Phrase, ...], ...]:
    """Every concept whose phrases mean the same, as the stemmed words of its phrases."""
    return tuple(_group(line) for line in _GROUPS.strip().split("\n") if not line.startswith(">"))


@lru_cache(maxsize=1)
def signs() -> dict[Phrase, tuple[Phrase, ...]]:
    """Phrase → what speaks for it without meaning the same: 'decision' → 'refused'."""
    groups = [_group(line.lstrip("> ")) for line in _GROUPS.strip().split("\n") if line.startswith(">")]
    found: dict[Phrase, tuple[Phrase, ...]] = {}
    for named_by, *others in groups:
        found[named_by] = (*found.get(named_by, ()), *others)
    return found
