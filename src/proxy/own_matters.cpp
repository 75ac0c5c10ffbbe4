// What callers ask garde itself: who asks, and the proofs of their receipts. See exchange.hpp.
#include "garde/proxy/exchange.hpp"

#include <utility>

namespace garde::proxy {

/// By his certificate, or by a message that he has signed and POSTs, which any consult is good for.
/// Unverified where he shows neither.
net::task<std::optional<after>> exchange::learn_asker(caller::identity& who) {
    const bool posted = head_.method == "POST";
    if (!posted && head_.method != "GET" && head_.method != "HEAD")
        co_return co_await refuse(405, "this is read by GET, or by POST of a signed message",
                                  "GET, HEAD, POST");
    who = session_.who();
    if (!posted) co_return std::nullopt;
    if (const auto ended = co_await take_body()) co_return *ended;
    if (!who.verified()) who = co_await ask_desk_who_signed();
    co_return std::nullopt;
}

bool exchange::asks_for_proof() const {
    return worker_.receipts() != nullptr && head_.path.starts_with(receipts_path) &&
           head_.path.ends_with(proof_suffix) &&
           head_.path.size() > receipts_path.size() + proof_suffix.size();
}

net::task<after> exchange::answer_proof() {
    caller::identity who;
    if (const auto ended = co_await learn_asker(who)) co_return *ended;
    std::string id(head_.path);
    id.erase(id.size() - proof_suffix.size());
    id.erase(0, receipts_path.size());
    auto asking = worker_.receipts()->prove(worker_.loop(), std::move(id), std::move(who));
    const auto found = co_await std::move(asking);
    stand_in answer = proof_answer(found);
    co_return co_await send_own(std::move(answer));
}

}  // namespace garde::proxy
