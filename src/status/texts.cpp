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
                "L’état d’au moins un service est inconnu pour le moment.", "Au moins un service est limité.",
                "Au moins un service est indisponible."},
    .states = {{{"Normal", "Le service fonctionne normalement."},
                {"Réserve", "Le service fonctionne par son site de réserve. Vous n’avez rien à faire."},
                {"Inconnu", "L’état de ce service n’est pas connu pour le moment."},
                {"Limité", "Seules des réponses déjà données auparavant peuvent être fournies."},
                {"Indisponible", "Le service n’est pas disponible."}}},
    .overall_procedure = "Une procédure d’urgence est ouverte.",
    .follow_if_limited = "Pour toute autre demande, suivez la procédure d’urgence.",
    .follow_if_unavailable = "Suivez la procédure d’urgence.",
    .still_open =
        "La procédure d’urgence reste ouverte bien que le service réponde\u00a0; sa clôture sera annoncée "
        "ici.",
    .not_open = "La procédure d’urgence n’est pas ouverte pour le moment.",
    .cut_off = "Ce serveur est lui-même coupé du réseau\u00a0: il ne peut pas juger de l’état des services.",
    .since = "Depuis le",
    .open_since = "Procédure d’urgence ouverte depuis le",
    .not_yet_recorded = "L’inscription de ce changement au journal est en cours.",
    .follow_procedure = "Consulter la procédure d’urgence",
    .made_at = "Page établie le",
    .refreshes = "Elle se renouvelle toutes les 30 secondes.",
    .steps = "Que faire",
    .version = "Version",
    .applies_now = "Cette procédure s’applique maintenant.",
    .applies_still =
        "Cette procédure reste ouverte bien que le service réponde\u00a0; sa clôture sera annoncée sur ce "
        "site.",
    .applies_not = "Cette procédure ne s’applique pas pour le moment\u00a0: le service répond.",
    .applies_closed = "Cette procédure n’est pas ouverte pour le moment.",
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
                "Minstens één dienst werkt beperkt.", "Minstens één dienst is niet beschikbaar."},
    .states = {{{"Normaal", "De dienst werkt normaal."},
                {"Reserve", "De dienst werkt via zijn reservelocatie. U hoeft niets te doen."},
                {"Onbekend", "De toestand van deze dienst is momenteel niet bekend."},
                {"Beperkt", "Alleen antwoorden die al eerder gegeven zijn, kunnen nog geleverd worden."},
                {"Niet beschikbaar", "De dienst is niet beschikbaar."}}},
    .overall_procedure = "Er is een noodprocedure van kracht.",
    .follow_if_limited = "Volg voor elke andere vraag de noodprocedure.",
    .follow_if_unavailable = "Volg de noodprocedure.",
    .still_open =
        "De noodprocedure blijft van kracht, hoewel de dienst antwoordt; haar afsluiting wordt hier "
        "bekendgemaakt.",
    .not_open = "De noodprocedure is momenteel niet van kracht.",
    .cut_off =
        "Deze server is zelf van het netwerk afgesneden: hij kan de toestand van de diensten niet "
        "beoordelen.",
    .since = "Sinds",
    .open_since = "Noodprocedure van kracht sinds",
    .not_yet_recorded = "Deze wijziging wordt nog in het logboek opgetekend.",
    .follow_procedure = "De noodprocedure raadplegen",
    .made_at = "Pagina opgemaakt op",
    .refreshes = "Ze vernieuwt zich om de 30 seconden.",
    .steps = "Wat te doen",
    .version = "Versie",
    .applies_now = "Deze procedure is nu van toepassing.",
    .applies_still =
        "Deze procedure blijft van kracht, hoewel de dienst antwoordt; haar afsluiting wordt op deze site "
        "bekendgemaakt.",
    .applies_not = "Deze procedure is momenteel niet van toepassing: de dienst antwoordt.",
    .applies_closed = "Deze procedure is momenteel niet van kracht.",
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
                "Mindestens ein Dienst ist eingeschränkt.", "Mindestens ein Dienst ist nicht verfügbar."},
    .states = {{{"Normal", "Der Dienst arbeitet normal."},
                {"Ersatz", "Der Dienst läuft über seinen Ersatzstandort. Sie müssen nichts tun."},
                {"Unbekannt", "Der Zustand dieses Dienstes ist zurzeit nicht bekannt."},
                {"Eingeschränkt", "Nur bereits früher erteilte Antworten können noch geliefert werden."},
                {"Nicht verfügbar", "Der Dienst ist nicht verfügbar."}}},
    .overall_procedure = "Ein Notverfahren ist in Kraft.",
    .follow_if_limited = "Befolgen Sie für jede andere Anfrage das Notverfahren.",
    .follow_if_unavailable = "Befolgen Sie das Notverfahren.",
    .still_open =
        "Das Notverfahren bleibt in Kraft, obwohl der Dienst antwortet; sein Ende wird hier bekannt gegeben.",
    .not_open = "Das Notverfahren ist zurzeit nicht in Kraft.",
    .cut_off =
        "Dieser Server ist selbst vom Netz getrennt: Er kann den Zustand der Dienste nicht beurteilen.",
    .since = "Seit",
    .open_since = "Notverfahren in Kraft seit",
    .not_yet_recorded = "Diese Änderung wird noch in das Protokoll eingetragen.",
    .follow_procedure = "Zum Notverfahren",
    .made_at = "Seite erstellt am",
    .refreshes = "Sie erneuert sich alle 30 Sekunden.",
    .steps = "Was zu tun ist",
    .version = "Fassung",
    .applies_now = "Dieses Verfahren gilt jetzt.",
    .applies_still =
        "Dieses Verfahren bleibt in Kraft, obwohl der Dienst antwortet; sein Ende wird auf diesen Seiten "
        "bekannt gegeben.",
    .applies_not = "Dieses Verfahren gilt zurzeit nicht: Der Dienst antwortet.",
    .applies_closed = "Dieses Verfahren ist zurzeit nicht in Kraft.",
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
                "At least one service is limited.", "At least one service is not available."},
    .states = {{{"Normal", "The service works normally."},
                {"Reserve", "The service works through its reserve site. There is nothing for you to do."},
                {"Unknown", "The state of this service is not known at the moment."},
                {"Limited", "Only answers that were given earlier can be provided."},
                {"Not available", "The service is not available."}}},
    .overall_procedure = "An emergency procedure is open.",
    .follow_if_limited = "For any other request, follow the emergency procedure.",
    .follow_if_unavailable = "Follow the emergency procedure.",
    .still_open =
        "The emergency procedure is still open although the service answers; its closing will be announced "
        "here.",
    .not_open = "The emergency procedure is not open at the moment.",
    .cut_off = "This server is itself cut off from the network: it cannot judge the state of the services.",
    .since = "Since",
    .open_since = "Emergency procedure open since",
    .not_yet_recorded = "This change is still being written to the log.",
    .follow_procedure = "Read the emergency procedure",
    .made_at = "Page made at",
    .refreshes = "It renews itself every 30 seconds.",
    .steps = "What to do",
    .version = "Version",
    .applies_now = "This procedure applies now.",
    .applies_still =
        "This procedure is still open although the service answers; its closing will be announced on this "
        "site.",
    .applies_not = "This procedure does not apply at the moment: the service answers.",
    .applies_closed = "This procedure is not open at the moment.",
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
