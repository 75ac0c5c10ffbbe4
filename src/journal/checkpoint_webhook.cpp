// See checkpoint_webhook.hpp.
#include "checkpoint_webhook.hpp"

#include "garde/base/version.hpp"

#include "webhook_message.hpp"

#include <fmt/format.h>

#include <array>
#include <curl/curl.h>
#include <memory>
#include <mutex>

namespace garde::journal {
namespace {

struct curl_deleter {
    void operator()(CURL* value) const { curl_easy_cleanup(value); }
    void operator()(curl_slist* value) const { curl_slist_free_all(value); }
};
using handle_ptr = std::unique_ptr<CURL, curl_deleter>;
using list_ptr = std::unique_ptr<curl_slist, curl_deleter>;

/// What a receiver answers besides its status is of no interest.
std::size_t drop(char* /*data*/, std::size_t size, std::size_t count, void* /*unused*/) {
    return size * count;
}

/// Called once a second at least: ends the transfer when its limit has come nearer.
int look_at_limit(void* limit, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const push_limit*>(limit)->over() ? 1 : 0;
}

list_ptr fields_of(const webhook_message& message) {
    list_ptr out;
    for (const auto& field : message.fields) {
        // A longer list is the same list, but for the first field.
        auto* longer = curl_slist_append(out.get(), field.c_str());
        if (longer == nullptr) return nullptr;
        if (!out) out.reset(longer);
    }
    return out;
}

}  // namespace

checkpoint_webhook::checkpoint_webhook(config::webhook_settings to) : to_(std::move(to)) {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

result<void> checkpoint_webhook::push(const signed_checkpoint& what, const push_limit& until) {
    const auto message = make_webhook(what, to_.secret, wall_now());
    const handle_ptr handle(curl_easy_init());
    const list_ptr fields = fields_of(message);
    if (!handle || !fields) return fail("memory is short");
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle.get(), option, value); };
    std::array<char, CURL_ERROR_SIZE> why{};
    const auto limit = static_cast<long>(std::max<milliseconds::rep>(1, until.left().count()));
    const std::string agent = fmt::format("garde/{}", version);
    set(CURLOPT_URL, to_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "https");
    set(CURLOPT_POSTFIELDS, message.body.c_str());
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(message.body.size()));
    set(CURLOPT_HTTPHEADER, fields.get());
    set(CURLOPT_USERAGENT, agent.c_str());
    set(CURLOPT_TIMEOUT_MS, limit);
    set(CURLOPT_CONNECTTIMEOUT_MS, limit);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_WRITEFUNCTION, drop);
    set(CURLOPT_ERRORBUFFER, why.data());
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, look_at_limit);
    set(CURLOPT_XFERINFODATA, &until);
    if (!to_.ca.empty()) set(CURLOPT_CAINFO, to_.ca.c_str());
    const auto done = curl_easy_perform(handle.get());
    if (done != CURLE_OK)
        return fail(fmt::format("cannot post: {}", why[0] != '\0' ? why.data() : curl_easy_strerror(done)));
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return {};
    return fail(fmt::format("the receiver answered with status {}", status));
}

}  // namespace garde::journal
