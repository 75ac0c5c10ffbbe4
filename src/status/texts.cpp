// See texts.hpp. \u00a0 is the no-break space that French puts before ':', ';' and inside guillemets.
#include "texts.hpp"

#include <algorithm>

namespace garde::status {
namespace {

constexpr texts french{
    .language = "fr",
    .own_name = "Français",
    .languages = "Langues",
    .site_title = "État des services",
    .overall = {"Tous les services fonctionnent normalement.",
                "Tous les services répondent\u00a0; au moins l’un d’eux passe par son site de réserve.",
                "L’état d’au moins un service est inconnu pour le moment.",
                "Au moins un service est limité\u00a0: la procédure d’urgence s’applique.",
                "Au moins un service est indisponible\u00a0: la procédure d’urgence s’applique."},
    .states =
        {{{"Normal", "Le service fonctionne normalement."},
          {"Réserve", "Le service fonctionne par son site de réserve. Vous n’avez rien à faire."},
          {"Inconnu", "L’état de ce service n’est pas connu pour le moment."},
          {"Limité",
           "Seules des réponses déjà données auparavant peuvent être fournies. Pour toute autre demande, "
           "suivez la procédure d’urgence."},
          {"Indisponible", "Le service n’est pas disponible. Suivez la procédure d’urgence."}}},
    .since = "Depuis le",
    .not_yet_recorded = "L’inscription de ce changement au journal est en cours.",
    .follow_procedure = "Consulter la procédure d’urgence",
    .made_at = "Page établie le",
    .refreshes = "Elle se renouvelle toutes les 30 secondes.",
    .steps = "Que faire",
    .applies_now = "Cette procédure s’applique maintenant.",
    .applies_not = "Cette procédure ne s’applique pas pour le moment\u00a0: le service répond.",
    .applies_unknown =
        "L’état du service est inconnu\u00a0: il n’est pas établi que cette procédure s’applique.",
    .back = "État de tous les services",
    .not_found_title = "Page introuvable",
    .not_found = "Cette adresse ne correspond à aucune page de ce site.",
};

constexpr texts dutch{
    .language = "nl",
    .own_name = "Nederlands",
    .languages = "Talen",
    .site_title = "Toestand van de diensten",
    .overall = {"Alle diensten werken normaal.",
                "Alle diensten antwoorden; minstens één werkt via zijn reservelocatie.",
                "De toestand van minstens één dienst is momenteel onbekend.",
                "Minstens één dienst werkt beperkt: de noodprocedure is van toepassing.",
                "Minstens één dienst is niet beschikbaar: de noodprocedure is van toepassing."},
    .states =
        {{{"Normaal", "De dienst werkt normaal."},
          {"Reserve", "De dienst werkt via zijn reservelocatie. U hoeft niets te doen."},
          {"Onbekend", "De toestand van deze dienst is momenteel niet bekend."},
          {"Beperkt",
           "Alleen antwoorden die al eerder gegeven zijn, kunnen nog geleverd worden. Volg voor elke andere "
           "vraag de noodprocedure."},
          {"Niet beschikbaar", "De dienst is niet beschikbaar. Volg de noodprocedure."}}},
    .since = "Sinds",
    .not_yet_recorded = "Deze wijziging wordt nog in het logboek opgetekend.",
    .follow_procedure = "De noodprocedure raadplegen",
    .made_at = "Pagina opgemaakt op",
    .refreshes = "Ze vernieuwt zich om de 30 seconden.",
    .steps = "Wat te doen",
    .applies_now = "Deze procedure is nu van toepassing.",
    .applies_not = "Deze procedure is momenteel niet van toepassing: de dienst antwoordt.",
    .applies_unknown =
        "De toestand van de dienst is onbekend: het staat niet vast dat deze procedure van toepassing is.",
    .back = "Toestand van alle diensten",
    .not_found_title = "Pagina niet gevonden",
    .not_found = "Bij dit adres hoort geen pagina van deze site.",
};

constexpr texts german{
    .language = "de",
    .own_name = "Deutsch",
    .languages = "Sprachen",
    .site_title = "Zustand der Dienste",
    .overall = {"Alle Dienste arbeiten normal.",
                "Alle Dienste antworten; mindestens einer läuft über seinen Ersatzstandort.",
                "Der Zustand mindestens eines Dienstes ist zurzeit unbekannt.",
                "Mindestens ein Dienst ist eingeschränkt: Das Notverfahren gilt.",
                "Mindestens ein Dienst ist nicht verfügbar: Das Notverfahren gilt."},
    .states =
        {{{"Normal", "Der Dienst arbeitet normal."},
          {"Ersatz", "Der Dienst läuft über seinen Ersatzstandort. Sie müssen nichts tun."},
          {"Unbekannt", "Der Zustand dieses Dienstes ist zurzeit nicht bekannt."},
          {"Eingeschränkt",
           "Nur bereits früher erteilte Antworten können noch geliefert werden. Befolgen Sie für jede andere "
           "Anfrage das Notverfahren."},
          {"Nicht verfügbar", "Der Dienst ist nicht verfügbar. Befolgen Sie das Notverfahren."}}},
    .since = "Seit",
    .not_yet_recorded = "Diese Änderung wird noch in das Protokoll eingetragen.",
    .follow_procedure = "Zum Notverfahren",
    .made_at = "Seite erstellt am",
    .refreshes = "Sie erneuert sich alle 30 Sekunden.",
    .steps = "Was zu tun ist",
    .applies_now = "Dieses Verfahren gilt jetzt.",
    .applies_not = "Dieses Verfahren gilt zurzeit nicht: Der Dienst antwortet.",
    .applies_unknown =
        "Der Zustand des Dienstes ist unbekannt: Es steht nicht fest, dass dieses Verfahren gilt.",
    .back = "Zustand aller Dienste",
    .not_found_title = "Seite nicht gefunden",
    .not_found = "Unter dieser Adresse gibt es hier keine Seite.",
};

constexpr texts english{
    .language = "en",
    .own_name = "English",
    .languages = "Languages",
    .site_title = "Status of the services",
    .overall = {"All services work normally.",
                "All services answer; at least one of them works through its reserve site.",
                "The state of at least one service is unknown at the moment.",
                "At least one service is limited: the emergency procedure applies.",
                "At least one service is not available: the emergency procedure applies."},
    .states = {{{"Normal", "The service works normally."},
                {"Reserve", "The service works through its reserve site. There is nothing for you to do."},
                {"Unknown", "The state of this service is not known at the moment."},
                {"Limited",
                 "Only answers that were given earlier can be provided. For any other request, follow the "
                 "emergency "
                 "procedure."},
                {"Not available", "The service is not available. Follow the emergency procedure."}}},
    .since = "Since",
    .not_yet_recorded = "This change is still being written to the log.",
    .follow_procedure = "Read the emergency procedure",
    .made_at = "Page made at",
    .refreshes = "It renews itself every 30 seconds.",
    .steps = "What to do",
    .applies_now = "This procedure applies now.",
    .applies_not = "This procedure does not apply at the moment: the service answers.",
    .applies_unknown = "The state of the service is unknown: it is not certain that this procedure applies.",
    .back = "Status of all services",
    .not_found_title = "Page not found",
    .not_found = "There is no page of this site at this address.",
};

}  // namespace

const std::array<texts, 4>& all_texts() {
    static constexpr std::array<texts, 4> all{french, dutch, german, english};
    return all;
}

const texts& texts_in(std::string_view language) {
    const auto found = std::ranges::find(all_texts(), language, &texts::language);
    return found == all_texts().end() ? all_texts().front() : *found;
}

}  // namespace garde::status
