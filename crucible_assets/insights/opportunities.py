"""How much a theme would be worth a variable: it stands in many documents, and no variable reads it yet."""


def opportunity(passages: int, unread: int, documents: int, all_documents: int) -> float:
    """0 to 1: the share of a theme's passages that no cell takes evidence from, times the share of documents with it.

    `unread` of its `passages` overlap no evidence; it stands in `documents` of `all_documents` that can be searched.
    """
    if not passages or not all_documents:
        return 0.0
    return unread / passages * min(1.0, documents / all_documents)
