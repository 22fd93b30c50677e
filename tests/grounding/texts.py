"""Texts of our own in which quotes are placed."""

from crucible_assets.extractions.grounding.place import Placement

LEASE = """LEASE AGREEMENT

This lease agreement ("Lease") is made on the 3rd day of March, 2019 between Harrow Mills Limited, a company
registered in Leeds, and Orchard Bakery GmbH, whose seat is in Freiburg. The landlord lets the ground floor of the
former spinning mill, measuring 1,250.5 square metres, for the operation of an industrial bakery and for no other
purpose.

1. Term. The lease begins on 1 April 2019 and runs for seven (7) years. The tenant may extend it twice by three
years each, provided that written notice reaches the landlord not later than nine months before the term ends.

2. Rent. The monthly rent is EUR 14,200.00, payable in advance by the third working day. If payment is more than ten
days late, interest at 4.5% above the base rate falls due. The rent shall not be reduced for short interrup-
tions of the electricity supply.

3. Liability. The landlord shall not be liable for damage to stored goods unless caused by gross negligence. The
tenant insures its machines, ovens and proving cabinets against fire and water for at least EUR 2.5 million.

4. Deposit. A deposit of EUR 42,600.00 was paid on 15 March 2019 and will be returned within 30 days after the
tenant has handed back all keys, removed every oven and restored the long-standing brick partition.

5. Notices. Notices are valid only in writing — e-mail is sufficient — and must name the clause concerned. Either
party may terminate for cause with thirty-two days' notice; the courts of Leeds have exclusive jurisdiction.
"""

REPORT = """The ward admitted 312 patients between January and June 2021, of whom 47 were transferred from other
hospitals. Dr Amelia Novak reviewed every chart and found that the infusion pumps had not been calibrated since the
previous audit. Nurses recorded the temperature twice a day, but the night readings were missing in eleven cases.
The committee recommends that a second pharmacist sign each prescription of anticoagulants. No adverse event was
traced to the new software. Training of the staff cost USD 18,400 and took six weeks. Professor Lindqvist of Uppsala
University examined the laboratory and described its ventilation as insufficient. The budget for the coming year
rises by 3.2 per cent, mainly because of higher energy prices. Visitors praised the new waiting room, whose chairs
were donated by a local carpenter. The museum across the street lends its garden for concerts in summer. A survey of
former patients showed that most of them would come back if they fell ill again."""

FILLER = " ".join(
    f"Paragraph {n} deals with item {n * 37 % 911} of schedule {n % 13}, its colour, weight and place of storage."
    for n in range(400)
)


def share_of_overlap(placed: Placement, start: int, end: int) -> float:
    """What a placement and a span have in common, as a share of the longer of the two; 0 for what was not found."""
    if placed.start is None or placed.end is None:
        return 0.0
    shared = min(placed.end, end) - max(placed.start, start)
    return max(0, shared) / max(placed.end - placed.start, end - start)
