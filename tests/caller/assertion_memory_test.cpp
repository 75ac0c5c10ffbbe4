// What makes two assertions the same, and when one is forgotten.
#include "../../src/caller/assertion_memory.hpp"

#include "../../src/caller/xml_tree.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace garde::caller {
namespace {

using namespace std::chrono_literals;

constexpr wall_time start = std::chrono::sys_days{std::chrono::year{2026} / 3 / 2};

/// Of the first element of this local name.
digest256 fingerprint(const std::string& document, std::string_view local = "a") {
    const auto tree = parse_message(document);
    if (!tree) throw std::runtime_error("not XML: " + document);
    auto* root = xmlDocGetRootElement(tree->get());
    auto* node = root;
    while (node != nullptr && view(node->name) != local) node = next_in_tree(node, root);
    return *fingerprint_of(*node);
}

TEST(fingerprint, is_of_what_was_read_not_of_where_it_stands_among_others) {
    EXPECT_EQ(fingerprint("<r><a b='1'>t</a></r>"), fingerprint("<r><c/><a b=\"&#49;\">t</a>text</r>"));
}

TEST(fingerprint, tells_apart_all_that_is_inside) {
    const std::string one = "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2'><b>t</b><!--c--></p:a></r>";
    const auto known = fingerprint(one);
    for (const std::string other :
         {"<r xmlns:p='u' xmlns:q='u'><q:a x='1' p:y='2'><b>t</b><!--c--></q:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='2' p:y='2'><b>t</b><!--c--></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' y='2'><b>t</b><!--c--></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2'><b>u</b><!--c--></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2'><b><![CDATA[t]]></b><!--c--></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2'><b>t</b><!--d--></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2'><b>t<!--c--></b></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2'><c>t</c><!--c--></p:a></r>",
          "<r xmlns:p='u' xmlns:q='u'><p:a x='1' p:y='2' xmlns:z='v'><b>t</b><!--c--></p:a></r>"})
        EXPECT_NE(known, fingerprint(other)) << other;
}

TEST(fingerprint, tells_apart_what_is_inherited) {
    const auto known = fingerprint("<r xmlns:xs='u'><a/></r>");
    EXPECT_NE(known, fingerprint("<r xmlns:xs='v'><a/></r>"));
    EXPECT_NE(known, fingerprint("<r xmlns:xt='u'><a/></r>"));
    EXPECT_NE(known, fingerprint("<r xmlns:xs='u' xmlns='w'><a/></r>"));
    EXPECT_NE(known, fingerprint("<r xmlns:xs='u' xml:lang='nl'><a/></r>"));
    EXPECT_NE(fingerprint("<r xmlns:xs='u'><s xmlns:xs='v'><a/></s></r>"),
              fingerprint("<r xmlns:xs='v'><s xmlns:xs='u'><a/></s></r>"));
}

TEST(fingerprint, parts_do_not_run_into_each_other) {
    EXPECT_NE(fingerprint("<a><b/>c</a>"), fingerprint("<a><bc/></a>"));
    EXPECT_NE(fingerprint("<a b='c'/>"), fingerprint("<a bc=''/>"));
    EXPECT_NE(fingerprint("<a><b/><c/></a>"), fingerprint("<a><b><c/></b></a>"));
}

known_assertion by_issuer(std::size_t number) {
    return {.issuer = number, .key = nullptr};
}

TEST(assertion_memory, knows_an_assertion_until_its_end) {
    assertion_memory memory(10);
    const auto one = sha256("one");
    EXPECT_EQ(memory.find(one, start), nullptr);
    memory.remember(one, by_issuer(3), start + 10s);
    ASSERT_NE(memory.find(one, start + 10s), nullptr);
    EXPECT_EQ(memory.find(one, start + 10s)->issuer, 3U);
    EXPECT_EQ(memory.find(sha256("two"), start), nullptr);
    EXPECT_EQ(memory.find(one, start + 11s), nullptr);
    EXPECT_EQ(memory.size(), 0U);
}

TEST(assertion_memory, when_there_are_too_many_the_first_to_end_leaves) {
    assertion_memory memory(2);
    memory.remember(sha256("long"), by_issuer(0), start + 30s);
    memory.remember(sha256("short"), by_issuer(1), start + 10s);
    memory.remember(sha256("middle"), by_issuer(2), start + 20s);
    EXPECT_EQ(memory.size(), 2U);
    EXPECT_EQ(memory.find(sha256("short"), start), nullptr);
    EXPECT_NE(memory.find(sha256("long"), start), nullptr);
    EXPECT_NE(memory.find(sha256("middle"), start), nullptr);
}

TEST(assertion_memory, remembering_twice_changes_nothing) {
    assertion_memory memory(2);
    memory.remember(sha256("one"), by_issuer(1), start + 10s);
    memory.remember(sha256("one"), by_issuer(2), start + 30s);
    EXPECT_EQ(memory.size(), 1U);
    EXPECT_EQ(memory.find(sha256("one"), start)->issuer, 1U);
    EXPECT_EQ(memory.find(sha256("one"), start + 11s), nullptr);
}

}  // namespace
}  // namespace garde::caller
