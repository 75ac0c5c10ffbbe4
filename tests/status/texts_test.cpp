// No language may lack a sentence.
#include "../../src/status/texts.hpp"

#include "garde/emergency/procedure.hpp"

#include <gtest/gtest.h>

namespace garde::status {
namespace {

TEST(texts_test, LanguagesAreInTheCommonOrder) {
    for (std::size_t i = 0; i < emergency::languages.size(); ++i)
        EXPECT_EQ(all_texts()[i].language, emergency::languages[i]);
}

TEST(texts_test, EveryStateHasWordsOfItsOwnInEveryLanguage) {
    for (const auto& words : all_texts()) {
        for (std::size_t i = 0; i < words.states.size(); ++i) {
            EXPECT_FALSE(words.states[i].badge.empty()) << words.language;
            EXPECT_FALSE(words.states[i].sentence.empty()) << words.language;
            EXPECT_FALSE(words.overall[i].empty()) << words.language;
            for (std::size_t j = 0; j < i; ++j) {
                EXPECT_NE(words.states[i].badge, words.states[j].badge) << words.language;
                EXPECT_NE(words.overall[i], words.overall[j]) << words.language;
            }
        }
    }
}

TEST(texts_test, EveryOtherSentenceIsThereInEveryLanguage) {
    for (const auto& w : all_texts())
        for (const auto text : {w.own_name, w.languages, w.site_title, w.cut_off, w.since, w.not_yet_recorded,
                                w.follow_procedure, w.made_at, w.refreshes, w.steps, w.applies_now,
                                w.applies_not, w.applies_unknown, w.back, w.not_found_title, w.not_found})
            EXPECT_FALSE(text.empty()) << w.language;
}

}  // namespace
}  // namespace garde::status
