// See receipt.hpp.
#include "garde/emergency/receipt.hpp"

#include "garde/base/utf8.hpp"

#include "es256.hpp"
#include "receipt_check.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

namespace garde::emergency {
namespace {

namespace json = boost::json;

constexpr std::string_view algorithm = "ES256";
constexpr std::string_view receipt_type = "garde-receipt+jws";
constexpr std::size_t max_receipt_bytes = 2048;
constexpr std::size_t max_issuer_bytes = 200;
constexpr std::size_t max_key_id_bytes = 64;

/// How many attempts, and lengths of the claims' texts.
struct claim_limits {
    std::size_t attempts;
    std::size_t caller;
    std::size_t others;
};
/// Tried from the first; the last always fits, whatever must be escaped.
constexpr std::array<claim_limits, 6> limits{
    {{6, 512, 128}, {3, 512, 128}, {3, 256, 128}, {2, 128, 128}, {1, 64, 64}, {0, 16, 16}}};

/// Written by hand, as each answer in an emergency has one: an object of members in their order.
class object_writer {
  public:
    /// In what `room` has; it is emptied.
    explicit object_writer(std::string room = {}) : out_(std::move(room)) { out_.clear(); }

    void add(std::string_view name, std::string_view text) {
        begin(name);
        append_text(text);
    }
    /// Shortened to so many bytes of UTF-8; no member where there is no text.
    void add(std::string_view name, std::string_view text, std::size_t limit) {
        if (text.empty()) return;
        begin(name);
        if (text.size() <= limit && std::ranges::all_of(text, is_plain))
            append_quoted(text);
        else
            append_text(clean_utf8(text, limit));
    }
    void add(std::string_view name, std::int64_t number) {
        begin(name);
        const fmt::format_int digits(number);
        out_.append(digits.data(), digits.size());
    }
    void add(std::string_view name, const std::vector<attempt_claim>& attempts, claim_limits limit) {
        begin(name);
        out_ += '[';
        for (const auto& one : attempts | std::views::take(limit.attempts)) {
            object_writer inner;
            inner.add("backend", one.backend, limit.others);
            inner.add("at", to_rfc3339(one.at));
            inner.add("ms", std::int64_t{one.took.count()});
            inner.add("result", one.result, limit.others);
            if (out_.back() != '[') out_ += ',';
            out_ += inner.take();
        }
        out_ += ']';
    }
    std::string take() { return std::move(out_ += '}'); }

  private:
    /// ASCII that stands for itself in a JSON string (RFC 8259, 7).
    static bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

    void begin(std::string_view name) {
        out_ += out_.empty() ? '{' : ',';
        append_quoted(name);
        out_ += ':';
    }
    void append_quoted(std::string_view plain) { out_.append(1, '"').append(plain).append(1, '"'); }
    void append_text(std::string_view text) {
        if (std::ranges::all_of(text, is_plain)) return append_quoted(text);
        out_ += json::serialize(json::string_view(text.data(), text.size()));
    }

    std::string out_;
};

std::string payload_of(const receipt_claims& claims, std::string_view issuer, claim_limits limit,
                       std::string room) {
    object_writer out(std::move(room));
    out.add("iss", issuer);
    out.add("iat", std::int64_t{std::chrono::floor<seconds>(claims.at).time_since_epoch().count()});
    out.add("at", to_rfc3339(claims.at));
    out.add("jti", claims.id, limit.others);
    out.add("service", claims.service, limit.others);
    out.add("request_sha256", to_hex(claims.request_sha256));
    out.add("caller", claims.caller, limit.caller);
    out.add("mode", claims.mode, limit.others);
    out.add("decision", claims.decision, limit.others);
    out.add("rule", claims.rule, limit.others);
    out.add("policy", claims.policy, limit.others);
    out.add("exercise", claims.exercise, limit.others);
    out.add("deferral", claims.deferral, limit.others);
    out.add("procedure", claims.procedure, limit.others);
    out.add("attempts", claims.attempts, limit);
    if (claims.age >= seconds{0}) out.add("age", std::int64_t{claims.age.count()});
    return out.take();
}

/// Content of one part; nothing when another text would decode to the same content.
std::optional<std::string> decode_canonical(std::string_view part) {
    auto content = from_base64url(part);
    if (!content || to_base64url(*content) != part) return std::nullopt;
    return content;
}

bool has_text(const json::object& in, std::string_view name, std::string_view expected) {
    const auto* value = in.if_contains({name.data(), name.size()});
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text != nullptr && std::string_view(text->data(), text->size()) == expected;
}

result<void> check_header(std::string_view text, std::string_view expected_key_id) {
    json::error_code failed;
    const auto header = json::parse({text.data(), text.size()}, failed);
    if (failed || !header.is_object()) return fail("the receipt's header is not a JSON object");
    const auto& members = header.get_object();
    if (!has_text(members, "alg", algorithm)) return fail("the receipt is not signed with ES256");
    if (!has_text(members, "typ", receipt_type)) return fail("this is not a receipt of garde");
    if (members.contains("crit"))
        return fail("the receipt's header demands an extension that garde does not know");
    if (!has_text(members, "kid", expected_key_id))
        return fail(fmt::format("the receipt was signed with another key than {}", expected_key_id));
    return {};
}

/// Of the key that the header names. Not yet checked.
result<std::string> named_key(std::string_view jws) {
    const auto header = decode_canonical(jws.substr(0, std::min(jws.find('.'), max_receipt_bytes)));
    json::error_code failed;
    const auto read = header ? json::parse({header->data(), header->size()}, failed) : json::value();
    const auto* members = failed ? nullptr : read.if_object();
    const auto* kid = members == nullptr ? nullptr : members->if_contains("kid");
    if (kid == nullptr || !kid->is_string() || kid->get_string().size() > max_key_id_bytes ||
        !is_utf8({kid->get_string().data(), kid->get_string().size()}))
        return fail("the receipt's header does not name its key");
    return std::string(kid->get_string().data(), kid->get_string().size());
}

}  // namespace

struct receipt_signer::state {
    key_ptr key;
    std::string issuer;
    std::string id;
    std::string header;  ///< base64url
};

receipt_signer::receipt_signer(std::unique_ptr<state> with) : state_(std::move(with)) {}
receipt_signer::~receipt_signer() = default;
receipt_signer::receipt_signer(receipt_signer&&) noexcept = default;
receipt_signer& receipt_signer::operator=(receipt_signer&&) noexcept = default;

result<receipt_signer> receipt_signer::load(const std::filesystem::path& key, std::string issuer) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (issuer.size() > max_issuer_bytes || !is_utf8(issuer) || std::ranges::any_of(issuer, is_control))
        return fail(
            fmt::format("the receipts' issuer must be UTF-8 without control characters, of at most {} bytes",
                        max_issuer_bytes));
    auto loaded = load_private_key(key);
    if (!loaded) return std::unexpected(loaded.error());
    auto with = std::make_unique<state>();
    with->id = key_id(loaded->get());
    object_writer header;
    header.add("alg", algorithm);
    header.add("typ", receipt_type);
    header.add("kid", with->id);
    with->key = *std::move(loaded);
    with->issuer = std::move(issuer);
    with->header = to_base64url(header.take());
    return receipt_signer(std::move(with));
}

const std::string& receipt_signer::id() const {
    return state_->id;
}

digest256 receipt_commitment(std::string_view jws) {
    return sha256(jws.substr(0, jws.rfind('.')));
}

signed_receipt receipt_signer::sign(const receipt_claims& claims) const {
    constexpr std::size_t encoded_signature_bytes = 86;
    thread_local std::string payload;
    thread_local std::string input;
    for (const auto limit : limits) {
        payload = payload_of(claims, state_->issuer, limit, std::move(payload));
        input.assign(state_->header).append(1, '.').append(to_base64url(payload));
        if (input.size() + 1 + encoded_signature_bytes <= max_receipt_bytes) break;
    }
    signed_receipt out{.jws = {}, .commitment = sha256(input)};
    if (const auto signature = sign_es256(state_->key.get(), out.commitment))
        out.jws = input.append(1, '.').append(to_base64url(*signature));
    return out;
}

result<std::string> check_receipt(std::string_view jws, EVP_PKEY* key) {
    if (jws.size() > max_receipt_bytes) return fail("the receipt is longer than 2 KiB");
    const auto first_dot = jws.find('.');
    const auto last_dot = jws.rfind('.');
    if (first_dot == last_dot || jws.find('.', first_dot + 1) != last_dot)
        return fail("the receipt does not have three parts between dots");
    const auto header = decode_canonical(jws.substr(0, first_dot));
    auto payload = decode_canonical(jws.substr(first_dot + 1, last_dot - first_dot - 1));
    const auto signature = decode_canonical(jws.substr(last_dot + 1));
    if (!header || !payload || !signature) return fail("a part of the receipt is not canonical base64url");
    if (auto checked = check_header(*header, key_id(key)); !checked) return std::unexpected(checked.error());
    if (!verify_es256(key, jws.substr(0, last_dot), *signature))
        return fail("the signature is wrong: the receipt was changed, or signed by another key");
    json::error_code failed;
    if (!json::parse(*payload, failed).is_object() || failed)
        return fail("the receipt's payload is not a JSON object");
    return *std::move(payload);
}

result<std::string> verify_receipt(std::string_view jws, const receipt_keys& keys) {
    const auto named = named_key(jws);
    if (!named) return std::unexpected(named.error());
    EVP_PKEY* key = keys.find(*named);
    if (key == nullptr)
        return fail(
            fmt::format("the receipt was signed with the key {}, which is not among those given", *named));
    return check_receipt(jws, key);
}

}  // namespace garde::emergency
