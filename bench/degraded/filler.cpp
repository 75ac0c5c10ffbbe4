// garde-filler: keeps answers in a data folder as garde would have, without asking for them: a million
// through HTTP would take longer than what is to be measured. They are made and sealed by garde's own code;
// the first one is also made from the messages themselves, and must be the same.
#include "garde/base/hash.hpp"
#include "garde/cache/reply_cache.hpp"
#include "garde/cache/reply_vault.hpp"
#include "garde/caller/identity.hpp"

#include "bench/common/consult.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <openssl/pem.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

namespace {

using namespace garde;

constexpr std::size_t batch_size = 20'000;
/// The oldest consult is not too old to be served for another five days.
constexpr std::chrono::days oldest{25};
constexpr std::string_view fixture_patient = "<c:Ssin>00000000101</c:Ssin>";
constexpr std::string_view fixture_registration = "<c:RegNrWithMut>0000000000001</c:RegNrWithMut>";

struct options {
    std::filesystem::path file;
    std::string key_file;
    std::string certificate;
    std::string request;
    std::string reply;
    std::string service;
    std::uint64_t entries = 0;
    std::size_t reply_bytes = 0;
};

/// Tags are random, so that a row may go anywhere in the indexes: with the little memory that SQLite takes
/// for itself, each would be written several times. For all databases that are opened from now on.
void give_sqlite_memory() {
    const auto enlarge = [](sqlite3* opened, const char** /*why*/, const sqlite3_api_routines* /*unused*/) {
        return sqlite3_exec(opened, "PRAGMA cache_size = -2000000", nullptr, nullptr, nullptr);
    };
    int (*const each)(sqlite3*, const char**, const sqlite3_api_routines*) = enlarge;
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(each));
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The same text about this patient, by all the numbers that it names him by: two patients of one number
/// would be one to garde.
std::string about(std::string text, std::uint64_t patient) {
    const auto put = [&text](std::string_view from, const std::string& to) {
        if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
    };
    put(fixture_patient, fmt::format("<c:Ssin>{:011}</c:Ssin>", patient));
    put(fixture_registration, fmt::format("<c:RegNrWithMut>{:013}</c:RegNrWithMut>", patient));
    return text;
}

std::expected<caller::identity, std::string> read_caller(const std::string& path) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), &BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> read(
        file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, &X509_free);
    if (!read) return std::unexpected(path + " holds no certificate");
    return caller::from_certificate(read.get());
}

std::expected<cache::master_key, std::string> read_key(const std::string& path) {
    std::string line;
    std::ifstream(path) >> line;
    const auto bytes = from_hex(line);
    auto key = bytes ? cache::master_key::from(secret_string(std::string(bytes->begin(), bytes->end())))
                     : std::nullopt;
    if (!key) return std::unexpected(path + " holds no key of 64 hexadecimal digits");
    return *key;
}

/// The one that the cache hands over to be kept on the disk.
struct overhearer final : cache::reply_keeper {
    void keep(const cache::kept_reply& what) override { heard = what; }
    void remove(const std::vector<cache::cache_key>& /*removal_keys*/) override {}
    std::optional<cache::kept_reply> heard;
};

/// Makes what is kept for each patient.
class maker {
  public:
    static std::expected<maker, std::string> make(const options& with) {
        maker out(with);
        auto who = read_caller(with.certificate);
        if (!who) return std::unexpected(who.error());
        out.who_ = std::move(*who);
        out.request_ = read_file(with.request);
        out.reply_ = read_file(with.reply);
        if (out.request_.find(fixture_patient) == std::string::npos ||
            out.reply_.find(fixture_patient) == std::string::npos)
            return std::unexpected("request and reply are not the fixtures");
        if (with.reply_bytes != 0) {
            auto fit = bench::resized(out.reply_, "saml:AttributeValue", with.reply_bytes);
            if (!fit) return std::unexpected(with.reply + ": " + fit.error());
            out.reply_ = std::move(*fit);
        }
        if (auto ready = out.prepare(); !ready) return std::unexpected(ready.error());
        return out;
    }

    [[nodiscard]] cache::kept_reply entry(std::uint64_t patient) const {
        soap::consult_request question = question_;
        question.care_receiver.ssin = secret_string(fmt::format("{:011}", patient));
        soap::patient answered = answered_;
        answered.ssin = question.care_receiver.ssin;
        answered.registration = secret_string(fmt::format("{:013}", patient));
        cache::kept_reply out = model_;
        out.key = cache::make_key(with_.service, who_, question);
        out.removal_keys = cache::make_removal_keys(with_.service, who_, answered);
        out.body = cache::keep_body(about(reply_, patient));
        // The load asks about patient 0 most often, so he was asked about last: the higher a patient's
        // number, the older is what is known of him.
        const auto age = oldest * (static_cast<double>(patient + 1) / static_cast<double>(with_.entries));
        out.consulted = {.wall = now_ - std::chrono::duration_cast<std::chrono::nanoseconds>(age),
                         .steady = std::nullopt};
        return out;
    }

  private:
    explicit maker(const options& with) : with_(with) {}

    /// By the messages of one patient, as garde reads them; what entry() makes of him must be the same.
    std::expected<void, std::string> prepare() {
        const std::uint64_t patient = with_.entries / 2;
        auto question = soap::read_request(about(request_, patient));
        const auto reply = soap::read_reply(about(reply_, patient));
        if (!question || !reply || !reply->care_receiver)
            return std::unexpected("request and reply are no consult");
        question_ = std::move(*question);
        answered_ = *reply->care_receiver;

        overhearer disk;
        cache::reply_cache memory(std::size_t{64} * 1024 * 1024);
        memory.tell(&disk);
        const auto why = memory.admit({.service = with_.service,
                                       .rules = std::make_shared<const config::cache_settings>(),
                                       .who = who_,
                                       .request_body = about(request_, patient),
                                       .reply_body = about(reply_, patient),
                                       .reply_content_type = "text/xml; charset=utf-8",
                                       .reply_status = 200,
                                       .consulted_at = now_,
                                       .consulted_at_steady = std::chrono::steady_clock::now()});
        if (!disk.heard)
            return std::unexpected(fmt::format("garde does not keep the reply: {}", cache::to_text(why)));
        model_ = *disk.heard;
        const auto made = entry(patient);
        const auto same_keys = std::ranges::is_permutation(made.removal_keys, model_.removal_keys);
        if (made.key != model_.key || !same_keys || *made.body != *model_.body)
            return std::unexpected("what is filled in is not what garde keeps: garde-filler is out of date");
        return {};
    }

    const options& with_;
    const wall_time now_ = wall_now();
    caller::identity who_;
    std::string request_;
    std::string reply_;
    soap::consult_request question_;
    soap::patient answered_;
    cache::kept_reply model_;
};

std::expected<void, std::string> run(const options& with) {
    const auto key = read_key(with.key_file);
    if (!key) return std::unexpected(key.error());
    const auto from = maker::make(with);
    if (!from) return std::unexpected(from.error());
    give_sqlite_memory();
    auto vault =
        cache::reply_vault::open({.file = with.file, .keys = {*key}, .bytes = std::uint64_t{1} << 40},
                                 cache::read_boot_id(), wall_now());
    if (!vault) return std::unexpected(vault.error().message);
    for (std::uint64_t next = 0; next < with.entries;) {
        std::vector<cache::change> batch;
        for (; next < with.entries && batch.size() < batch_size; ++next)
            batch.emplace_back(cache::keep_change{from->entry(next)});
        const auto done = (*vault)->apply(batch, wall_now());
        if (!done) return std::unexpected(done.error().message);
    }
    const auto size = (*vault)->size();
    if (!size) return std::unexpected(size.error().message);
    fmt::print("{{\"entries\":{},\"bytes\":{}}}\n", size->replies, size->bytes);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    options with;
    CLI::App app(
        "Keeps answers in a data folder as garde would have. See the head of bench/degraded/filler.cpp.");
    app.add_option("--file", with.file, "replies.sqlite in garde's data folder")->required();
    app.add_option("--key", with.key_file, "the key file of [cache_store]")->required();
    app.add_option("--certificate", with.certificate, "the caller's, PEM")->required();
    app.add_option("--request", with.request, "tests/fixtures/consult-request.xml")->required();
    app.add_option("--reply", with.reply, "tests/fixtures/consult-reply.xml")->required();
    app.add_option("--reply-bytes", with.reply_bytes, "how long the reply is made; as it is");
    app.add_option("--service", with.service, "the service's name")->required();
    app.add_option("--entries", with.entries, "patients, from number 0 on")->required();
    CLI11_PARSE(app, argc, argv);
    if (const auto ran = run(with); !ran) {
        fmt::print(stderr, "garde-filler: {}\n", ran.error());
        return 1;
    }
    return 0;
}
