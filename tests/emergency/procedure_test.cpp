// Loading the procedure's texts, and what callers get of them.
#include "garde/emergency/procedure.hpp"

#include "../support/fixtures.hpp"
#include "../support/temporary_folder.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <ostream>

namespace garde::emergency {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::filesystem::path fixtures = test::fixtures() / "procedures";

config::procedure_settings settings_for(const std::filesystem::path& folder) {
    config::procedure_settings out;
    out.folder = folder;
    out.name = "counter";
    out.environment = "Acceptation";
    return out;
}

procedure load_fixture() {
    auto loaded = procedure::load(settings_for(fixtures), "https://status.example", "assurability");
    EXPECT_TRUE(loaded) << loaded.error().message;
    return *loaded;
}

std::vector<std::string> texts_between(std::string_view document, std::string_view begin,
                                       std::string_view end) {
    std::vector<std::string> out;
    for (auto at = document.find(begin); at != std::string_view::npos; at = document.find(begin, at + 1)) {
        const auto from = at + begin.size();
        out.emplace_back(document.substr(from, document.find(end, from) - from));
    }
    return out;
}

TEST(procedure_text, has_title_summary_and_steps_with_joined_lines) {
    const auto loaded = load_fixture();
    const auto& french = loaded.text("fr");
    EXPECT_EQ(french.title, "Procédure d'urgence : consultation de l'assurabilité");
    EXPECT_EQ(french.summary,
              "L'assurabilité ne peut pas être consultée en ce moment. Vos autres opérations continuent.");
    EXPECT_THAT(
        french.steps,
        ElementsAre("Patient consulté il y a moins de 30 jours : utilisez les données de votre logiciel.",
                    "Patient connu : suivez sa déclaration.",
                    "En cas de doute, appliquez le prix public et remettez le formulaire « Annexe 30 »."));
    EXPECT_EQ(loaded.text("de").steps.size(), 3U);
}

TEST(procedure_text, of_an_unknown_language_is_that_of_the_default_language) {
    const auto loaded = load_fixture();
    EXPECT_EQ(loaded.text("it").title, loaded.text("fr").title);
}

TEST(procedure_link, names_service_and_language) {
    EXPECT_EQ(load_fixture().link("nl"), "https://status.example/procedure/assurability?lang=nl");
}

/// A copy of the fixture in which one text can be spoilt.
class procedure_load : public testing::Test {
  protected:
    procedure_load() { std::filesystem::copy(fixtures, folder_.path()); }
    std::filesystem::path file(const std::string& language) {
        return folder_.path() / ("counter." + language + ".txt");
    }
    std::string error() {
        const auto loaded =
            procedure::load(settings_for(folder_.path()), "https://status.example", "assurability");
        return loaded ? "" : loaded.error().message;
    }
    test::temporary_folder folder_;
};

TEST_F(procedure_load, names_a_missing_file) {
    std::filesystem::remove(file("de"));
    EXPECT_EQ(error(), "cannot read " + file("de").string() + ": No such file or directory");
}

TEST_F(procedure_load, names_a_folder_in_place_of_a_file) {
    std::filesystem::remove(file("de"));
    std::filesystem::create_directory(file("de"));
    EXPECT_EQ(error(), file("de").string() + " is not a file");
}

TEST_F(procedure_load, names_an_empty_file) {
    test::write_file(file("nl"), "");
    EXPECT_THAT(error(), HasSubstr(file("nl").string() + " has no title"));
}

TEST_F(procedure_load, names_a_file_without_summary) {
    test::write_file(file("nl"), "Title\n\n  \n");
    EXPECT_THAT(error(), HasSubstr(file("nl").string() + " has no summary"));
}

TEST_F(procedure_load, names_a_file_without_steps) {
    test::write_file(file("nl"), "Title\n\nSummary\nof two lines\n");
    EXPECT_THAT(error(), HasSubstr(file("nl").string() + " has no steps"));
}

TEST_F(procedure_load, takes_64_kib_and_no_more) {
    const std::string start = "Title\n\nSummary\n\n";
    test::write_file(file("en"), start + std::string(64 * 1024 - start.size(), 'x'));
    EXPECT_EQ(error(), "");
    test::write_file(file("en"), start + std::string(64 * 1024 - start.size() + 1, 'x'));
    EXPECT_THAT(error(), HasSubstr(file("en").string() + " is longer than 64 KiB"));
}

TEST_F(procedure_load, refuses_what_is_not_utf8) {
    test::write_file(file("fr"),
                     "Proc\xE9"
                     "dure\n\nSummary\n\nStep\n");
    EXPECT_THAT(error(), HasSubstr(file("fr").string() + " is not UTF-8"));
}

TEST_F(procedure_load, refuses_a_default_language_that_it_does_not_have) {
    auto settings = settings_for(folder_.path());
    settings.default_language = "it";
    const auto loaded = procedure::load(settings, "https://status.example", "assurability");
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("use one of fr, nl, de, en"));
}

TEST_F(procedure_load, has_another_version_when_any_of_its_texts_changes) {
    const auto version = [&] {
        const auto loaded =
            procedure::load(settings_for(folder_.path()), "https://status.example", "assurability");
        return loaded ? loaded->version() : loaded.error().message;
    };
    const std::string before = version();
    EXPECT_EQ(before.size(), 12U);
    EXPECT_EQ(version(), before) << "it is the same each time";
    test::write_file(file("nl"), "Title\n\nSummary\n\nStep\n");
    const std::string between = version();
    EXPECT_NE(between, before);
    test::write_file(file("nl"), "Title\n\nSummary\n\nStep!\n");
    EXPECT_NE(version(), between);
}

TEST_F(procedure_load, takes_files_as_windows_editors_write_them) {
    test::write_file(file("en"), "\xEF\xBB\xBFTitle\r\n\r\nSummary\r\n\r\nStep\r\none\r\n");
    const auto loaded =
        procedure::load(settings_for(folder_.path()), "https://status.example", "assurability");
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(loaded->text("en").title, "Title");
    EXPECT_EQ(loaded->text("en").summary, "Summary");
    EXPECT_THAT(loaded->text("en").steps, ElementsAre("Step one"));
}

TEST(procedure_fault, says_the_steps_in_the_callers_language_and_the_summaries_in_the_others) {
    const auto loaded = load_fixture();
    const auto fault = loaded.soap_fault("en", "id-1").whole();
    EXPECT_THAT(
        texts_between(fault, "<Message xml:lang=\"", "</Message>"),
        ElementsAre("en\">Assurability cannot be consulted at the moment.\n"
                    "1. Patient consulted less than 30 days ago: use the data that your software holds.\n"
                    "2. Known patient: trust the patient&apos;s statement.\n"
                    "3. In doubt: charge the public price &amp; hand over the form &lt;Annexe 30&gt;.",
                    "fr\">L&apos;assurabilité ne peut pas être consultée en ce moment. Vos autres opérations "
                    "continuent.",
                    "nl\">De verzekerbaarheid kan nu niet worden geraadpleegd.",
                    "de\">Die Versicherbarkeit kann zurzeit nicht abgefragt werden."));
}

TEST(procedure_fault, names_id_code_environment_and_the_procedures_page) {
    const auto fault = load_fixture().soap_fault("nl", "id-1").whole();
    EXPECT_THAT(fault, HasSubstr("Id=\"id-1\""));
    EXPECT_THAT(fault, HasSubstr("<Code>SOA-02002</Code>"));
    EXPECT_THAT(fault, HasSubstr(">Acceptation</"));
    EXPECT_THAT(fault, HasSubstr("<Contact>https://status.example/procedure/assurability?lang=nl</Contact>"));
}

TEST(procedure_fault, of_an_exercise_says_so_first_in_each_language) {
    const auto fault = load_fixture().soap_fault("en", "id-1", {.kept = {}, .exercise = true}).whole();
    const auto messages = texts_between(fault, "<Message xml:lang=\"", "</Message>");
    ASSERT_EQ(messages.size(), 4U);
    EXPECT_THAT(messages[0], StartsWith("en\">EXERCISE: the service works; your request was not passed on.\n"
                                        "Assurability cannot be consulted at the moment.\n1. "));
    EXPECT_THAT(messages[1], StartsWith("fr\">EXERCICE : "));
    EXPECT_THAT(messages[2], StartsWith("nl\">OEFENING: "));
    EXPECT_THAT(messages[3], StartsWith("de\">ÜBUNG: "));
}

/// What has no known legal weight is evidence, never a guarantee; whether anything is paid back is the
/// insurer's to decide.
TEST(shipped_procedure, promises_no_reimbursement_in_any_language) {
    struct words {
        std::string_view language, no_guarantee, evidence, pay_back, insurer_decides;
    };
    auto shipped = settings_for(test::fixtures() / "../../conf/procedures");
    shipped.name = "assurability";
    const auto loaded = procedure::load(shipped, "https://status.example", "assurability");
    ASSERT_TRUE(loaded) << loaded.error().message;
    for (const auto& say :
         {words{"fr", "pas une garantie de paiement", "un élément de preuve", "rembours",
                "C'est elle qui décide."},
          words{"nl", "geen betalingsgarantie", "een bewijsstuk", "terugbet", "Het ziekenfonds beslist."},
          words{"de", "keine Zahlungsgarantie", "ein Beweismittel", "Erstatt",
                "Die Entscheidung trifft die Krankenkasse."},
          words{"en", "not a guarantee of payment", "it is evidence", "reimburse", "The insurer decides."}}) {
        const auto& text = loaded->text(say.language);
        EXPECT_THAT(text.summary, HasSubstr(std::string(say.no_guarantee)));
        bool evidence = false;
        for (const auto& step : text.steps) {
            if (step.find(say.pay_back) != std::string::npos) {
                EXPECT_THAT(step, HasSubstr(std::string(say.insurer_decides))) << say.language;
            }
            evidence = evidence || (step.find(say.evidence) != std::string::npos &&
                                    step.find(say.no_guarantee) != std::string::npos);
        }
        EXPECT_TRUE(evidence) << say.language << ": no step says what a receipt is worth";
    }
}

TEST(procedure_problem, of_an_exercise_says_so) {
    const auto loaded = load_fixture();
    const auto document =
        boost::json::parse(loaded.problem_document("nl", "id-1", {.kept = {}, .exercise = true})).as_object();
    EXPECT_EQ(document.at("exercise").as_string(),
              "OEFENING: de dienst werkt; uw vraag is niet doorgestuurd.");
    EXPECT_FALSE(boost::json::parse(loaded.problem_document("nl", "id-1")).as_object().contains("exercise"));
}

TEST(procedure_problem, is_a_problem_document) {
    const auto document = boost::json::parse(load_fixture().problem_document("en", "id-1")).as_object();
    EXPECT_EQ(document.at("type").as_string(), "https://status.example/procedure/assurability");
    EXPECT_EQ(document.at("title").as_string(), "Emergency procedure: assurability consultation");
    EXPECT_EQ(document.at("status").as_int64(), 503);
    EXPECT_EQ(document.at("detail").as_string(), "Assurability cannot be consulted at the moment.");
    EXPECT_EQ(document.at("instance").as_string(), "id-1");
    EXPECT_EQ(document.at("procedure").as_string(), "https://status.example/procedure/assurability?lang=en");
    EXPECT_EQ(document.at("steps").as_array().size(), 3U);
    EXPECT_EQ(document.at("steps").as_array()[1].as_string(),
              "Known patient: trust the patient's statement.");
}

struct language_case {
    std::string_view header;
    std::string_view expected;
};
std::ostream& operator<<(std::ostream& out, const language_case& value) {
    return out << '"' << value.header << '"';
}

class language_choice : public testing::TestWithParam<language_case> {};

TEST_P(language_choice, follows_the_header) {
    EXPECT_EQ(choose_language(GetParam().header, "fr"), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    headers, language_choice,
    testing::Values(language_case{"", "fr"}, language_case{"nl", "nl"}, language_case{"NL", "nl"},
                    language_case{"de-BE", "de"}, language_case{"de-Latn-BE", "de"},
                    language_case{"dek", "fr"}, language_case{"d", "fr"}, language_case{"it, es", "fr"},
                    language_case{"it, nl;q=0.1", "nl"}, language_case{"nl;q=0.8, en;q=0.9", "en"},
                    language_case{"nl;q=0.899,en;q=0.9", "en"}, language_case{"en, de", "en"},
                    language_case{"de, en", "de"}, language_case{"nl ; q=0.5 , de ;q=0.7", "de"},
                    language_case{"nl;q=0", "fr"}, language_case{"fr;q=0, de;q=0.1", "de"},
                    language_case{"*", "fr"}, language_case{"fr;q=0, *", "nl"},
                    language_case{"*;q=0.5, de;q=0.4", "fr"}, language_case{"*;q=0.5, de;q=0.6", "de"},
                    language_case{"*, nl;q=0", "fr"}, language_case{"nl-BE;q=0.9, nl;q=0.1, en;q=0.5", "en"},
                    language_case{"nl;q=0.1, nl-BE;q=0.9, en;q=0.5", "en"},
                    language_case{"nl-BE;q=0.2, nl-NL;q=0.9, en;q=0.5", "nl"},
                    language_case{"nl;q=2, en", "en"}, language_case{"nl;q=1.001, en;q=0.1", "en"},
                    language_case{"nl;q=, en;q=0.1", "en"}, language_case{"nl;q=0.1234, en;q=0.1", "en"},
                    language_case{"nl;q=abc, en;q=0.1", "en"}, language_case{"nl;level=1, en;q=0.1", "en"},
                    language_case{",,;;=,nl", "nl"}, language_case{"nl;Q=1.000", "nl"},
                    language_case{"en;q=1., nl;q=0.5", "en"}));

TEST(language_fallback, is_the_given_one) {
    EXPECT_EQ(choose_language("it", "nl"), "nl");
    EXPECT_EQ(choose_language("*", "en"), "en");
}

TEST(language_choice_robustness, a_header_of_commas_ends) {
    EXPECT_EQ(choose_language(std::string(16'000, ','), "fr"), "fr");
}

}  // namespace
}  // namespace garde::emergency
