"""Words of questions that say nothing by themselves, in English, German, French and, of the shortest, Spanish and
Italian. A word that is missing here costs a call or a worse search, nothing else."""

_CONNECTIVES = "and or but also then und oder aber auch dann et ou mais aussi y o pero e ma"
_REFERRING = """
it its they them their theirs he him his she her hers this that these those there one ones same former latter
er ihn ihm sein seine seiner sie ihr ihre ihrer ihnen es dies diese dieser dieses diesem diesen jene jener
dort da davon dafür dazu darin damit derselbe dieselbe dasselbe
il elle ils elles leur leurs ce cela celui celle ceux y en lui ello ella ellos ellas eso esto
"""
_EMPTY = """
a an the of in on at to for from by with as is are was were be been being do does did has have had can could
may might must shall should will would get gets got
what which who whom whose when where why how much many about not no any i
der die das den dem des ein eine einer eines einem einen von zu zum zur im in am an auf für mit bei nach aus
ist sind war waren wird werden wurde wurden hat haben hatte kann konnte muss soll was welche welcher welches
wer wen wem wessen wann wo warum wie viel viele über nicht kein keine gibt ich
le la les un une des du de à au aux en dans sur pour par avec est sont était qui que quoi quel quelle quels
quelles quand où pourquoi comment combien a ont
"""
_AS_SUCH = """
document documents file files text texts source sources project corpus collection summary summarise summarize
overview topic topics theme themes subject subjects
dokument dokumente dokumenten datei dateien texte texten quelle quellen projekt sammlung zusammenfassung
überblick thema themen unterlagen worum
fichier fichiers texte textes projet résumé résumer sujet sujets thème thèmes aperçu
"""
_BROAD = """
main general overall content contents contain cover deal say tell give me us all whole short brief briefly
please key important find here
hauptsächlich wesentlich wesentliche inhalt inhalte enthalten handeln geht gehen gib gebe mir uns alle alles
ganze kurz bitte wichtig wichtigste wichtigsten hier fasse fassen zusammen
principal principaux général contenu contiennent parlent donne moi nous tous toutes bref
"""

CONNECTIVES = frozenset(_CONNECTIVES.split())
"""A question that begins with one goes on from the one before."""
REFERRING = frozenset(_REFERRING.split())
"""Stand for what was said before."""
EMPTY = frozenset(_EMPTY.split())
"""Make a question of what is asked for."""
AS_SUCH = frozenset(_AS_SUCH.split())
"""Speak of the documents themselves."""
BROAD = AS_SUCH | frozenset(_BROAD.split())
"""Of nothing else a question consists that asks about the documents as such."""
