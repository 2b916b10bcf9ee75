"""Names of measures and their folders -> French captions (Canada), composed of the same parts as the English names.

A look-up, no translation: a name without an entry raises KeyError, and a test names it. Pure; called by
`powerbi.model.french`.
"""

from __future__ import annotations

METRICS = {
    "Critical incidents reported": "Incidents critiques signalés",
    "Incidents by kind and severity": "Incidents par type et gravité",
    "Open incidents and age": "Incidents ouverts et âge",
    "Assessment within window": "Évaluation dans le délai",
    "Calls for service": "Appels de service",
    "Funnel with reasons": "Parcours des appels avec motifs",
    "Dispatch rate": "Taux de répartition",
    "911 diversion": "Détournement du 911",
    "Response time, first arrival": "Délai d’intervention, première arrivée",
    "Contact rate": "Taux de contact",
    "Emergency services requested": "Services d’urgence demandés",
    "Referrals connected": "Aiguillages aboutis",
    "Follow-up within 48 hours": "Suivi dans les 48 heures",
    "Requests answered on time": "Demandes répondues à temps",
    "Data health": "Santé des données",
}
YESTERDAY = "hier"
SUFFIXES = {
    "n": "n",
    "n missing": "n manquants",
    "n invalid": "n invalides",
    "within target": "dans la cible",
    "target": "cible",
    "yesterday": YESTERDAY,
    "same weekday": "même jour de la semaine",
    "28-day baseline": "référence de 28 jours",
    "usual low": "bas de l’habituel",
    "usual high": "haut de l’habituel",
    "status": "situation",
    "summary": "résumé",
    "month to date": "mois à ce jour",
    "year before": "un an plus tôt",
    "change on year": "variation sur un an",
    "p50": "p50",
    "p50 low": "p50, borne inférieure",
    "p50 high": "p50, borne supérieure",
    "p90": "p90",
    "p90 low": "p90, borne inférieure",
    "p90 high": "p90, borne supérieure",
    "percentile note": "note sur les centiles",
}
COUNTS = {
    "Abandoned count": "Appels abandonnés",
    "Accepted count": "Aiguillages acceptés",
    "Answer count": "Réponses mesurées",
    "Answer invalid count": "Réponses invalides",
    "Answer missing count": "Réponses sans heure",
    "Answer, mean minutes": "Réponse, moyenne en minutes",
    "Answered in 15s count": "Réponses en 15 s",
    "Arrived count": "Appels rejoints sur place",
    "Assessment late count": "Évaluations en retard",
    "Assessment not due count": "Évaluations pas encore dues",
    "Backlog count": "Demandes en attente",
    "Backlog late count": "Demandes en attente en retard",
    "Cancelled count": "Appels annulés",
    "Connected count": "Aiguillages aboutis",
    "Connection, mean minutes": "Prise en charge, moyenne en minutes",
    "Consent given count": "Consentements donnés",
    "Consent not asked count": "Consentements non demandés",
    "Consent refused count": "Consentements refusés",
    "Declined count": "Aiguillages refusés",
    "Dispatched call count": "Appels répartis",
    "EMS requested count": "Ambulances demandées",
    "Engaged count": "Personnes engagées",
    "Excluded count": "Enregistrements exclus",
    "Fatal person count": "Personnes décédées",
    "Incident closed count": "Incidents fermés",
    "Incident occurred count": "Incidents survenus",
    "Injured person count": "Personnes blessées",
    "Mature accepted count": "Aiguillages mûrs acceptés",
    "Not due count": "Suivis pas encore dus",
    "Offered count": "Appels offerts à une équipe",
    "On scene count": "Temps sur place mesurés",
    "On scene invalid count": "Temps sur place invalides",
    "On scene missing count": "Temps sur place sans heure",
    "On scene, mean minutes": "Temps sur place, moyenne en minutes",
    "Open over 30 days count": "Ouverts depuis plus de 30 jours",
    "Open over 7 days count": "Ouverts depuis plus de 7 jours",
    "Police on scene count": "Police sur place",
    "Processing count": "Traitements mesurés",
    "Processing invalid count": "Traitements invalides",
    "Processing missing count": "Traitements sans heure",
    "Processing, mean minutes": "Traitement, moyenne en minutes",
    "Queue count": "Attentes mesurées",
    "Queue invalid count": "Attentes invalides",
    "Queue missing count": "Attentes sans heure",
    "Queue, mean minutes": "Attente, moyenne en minutes",
    "Reached on time count": "Personnes jointes à temps",
    "Received count": "Demandes reçues",
    "Referral count": "Aiguillages faits",
    "Resolved by phone count": "Appels réglés par téléphone",
    "Supported count": "Appels avec soutien",
    "Target due count": "Appels soumis à la cible",
    "Transfer 911 accepted count": "Transferts du 911 acceptés",
    "Triaged count": "Appels triés",
    "Unit response count": "Interventions d’unités",
    "Waiting count": "Appels en attente d’arrivée",
    "Within target count": "Appels dans la cible",
}
RECORDS = {
    "First arrival": "Première arrivée",
    "Processing": "Traitement",
    "Queue": "Attente",
    "On scene": "Temps sur place",
    "Assessment": "Évaluation",
}
VIEWS = {
    "DailyIncidents": "incidents par jour",
    "DailyCalls": "appels par jour",
    "DailyResponses": "délais par jour",
    "DailyOutcomes": "issues par jour",
    "DailyReferrals": "aiguillages par jour",
    "DailyFollowUps": "suivis par jour",
    "DailyRequests": "demandes par jour",
    "DataQuality": "santé des données",
}
SPECIALS = {
    "As of": "En date du",
    "As of text": "En date du (texte)",
    "Call records": "Enregistrements d’appels",
    "Calls lost at stage": "Appels perdus à l’étape",
    "Calls reaching stage": "Appels atteignant l’étape",
    "Changed records": "Enregistrements modifiés",
    "Data age (hours)": "Âge des données (heures)",
    "Deleted records": "Enregistrements supprimés",
    "Demo data notice": "Avis de données fictives",
    "Due in 24 h": "À échéance dans 24 h",
    "Events per hour": "Événements par heure",
    "Events per hour high": "Événements par heure, borne supérieure",
    "Events per hour low": "Événements par heure, borne inférieure",
    "Freshness": "Fraîcheur",
    "Hours to due": "Heures avant l’échéance",
    "Incident records": "Enregistrements d’incidents",
    "Interval note": "Intervalle, note",
    "Last run outcome": "Issue de la dernière exécution",
    "Late items": "Dossiers en retard",
    "Late records": "Enregistrements tardifs",
    "Mixed versions": "Versions mêlées",
    "Oldest open item (hours)": "Plus ancien dossier ouvert (heures)",
    "Open items": "Dossiers ouverts",
    "Open items summary": "Dossiers ouverts, résumé",
    "Provisional note": "Note sur les jours provisoires",
    "Records followed at age": "Enregistrements suivis à cet âge",
    "Revised records": "Enregistrements révisés",
    "Share known at age": "Part connue à cet âge",
    "Share of calls reaching stage": "Part des appels atteignant l’étape",
    "Share settled at age": "Part stabilisée à cet âge",
    "Situation title": "Titre de la situation",
    "Snapshot versions": "Nombre de versions",
    "Stale since": "Périmé depuis",
    "Weeks observed": "Semaines observées",
}
FOLDERS = {
    "Counts beside the metrics": "Décomptes à côté des mesures",
    "Percentiles": "Centiles",
    "Open items": "Dossiers ouverts",
    "Funnel": "Parcours des appels",
    "When it is busy": "Heures de pointe",
    "Freshness": "Fraîcheur",
    "Past days that changed": "Jours passés modifiés",
    "Completeness by age": "Complétude selon l’âge",
    "Records": "Enregistrements",
}


def measure(english: str) -> str:
    """The caption of a measure. Raises KeyError."""
    if english in SPECIALS:
        return SPECIALS[english]
    if english in METRICS:
        return METRICS[english]
    if english.startswith("Interval "):
        return f"Intervalle, {SUFFIXES[english.removeprefix('Interval ')]}"
    head, _, bracket = english.removesuffix(")").rpartition(" (")
    if bracket == "records":
        interval, _, percentile = head.rpartition(" ")
        return f"{RECORDS[interval]}, {percentile} (enregistrements)"
    if bracket in VIEWS:
        return f"{COUNTS[head]} ({VIEWS[bracket]})"
    metric, _, suffix = english.rpartition(", ")
    return f"{METRICS[metric]}, {_suffix(suffix)}"


def folder(english: str) -> str:
    """The caption of a display folder of measures: one of ours, or a metric behind its number. Raises KeyError."""
    if english in FOLDERS:
        return FOLDERS[english]
    number, _, metric = english.partition(" ")
    return f"{number} {METRICS[metric]}"


def _suffix(english: str) -> str:
    day, _, compared = english.partition(" ")
    if day == "yesterday" and compared:
        return f"{YESTERDAY}, {SUFFIXES[compared]}"
    return SUFFIXES[english]
