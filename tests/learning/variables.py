"""Variables of all types for the tests of learning."""

from resources.vocabulary import IfMultipleValues, Variable, VariableType

PRICE = Variable("price", VariableType.NUMBER, "The price agreed.", unit="EUR")
SIGNED = Variable("signed", VariableType.DATE, "The day of signature.")
SUPPLIER = Variable("supplier", VariableType.TEXT, "The supplier's name.")
PARTIES = Variable("parties", VariableType.TEXT, "Every party.", if_multiple_values=IfMultipleValues.ALL)
DECISION = Variable(
    "decision", VariableType.CATEGORY, "How it ended.", classification_rules={"approved": "", "refused": ""}
)
PUBLIC = Variable("public", VariableType.BOOLEAN, "Whether it is public.")
ALL = {v.name: v for v in (PRICE, SIGNED, SUPPLIER, PARTIES, DECISION, PUBLIC)}
