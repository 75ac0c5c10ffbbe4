// What operators are told, as JSON. Pure.
#pragma once

#include "garde/admin/admin_api.hpp"
#include "garde/control/controller.hpp"
#include "garde/control/view.hpp"
#include "garde/proxy/site.hpp"

#include "requests.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace garde::admin {

// `now` is a view of the same configuration: services and backends come in the same order.

/// Everything in the view, with the backends' roles and fault domains:
/// {"at","journal_failing","cut_off","services":[…]}.
std::string services_document(std::span<const proxy::service_site> services, const control::view& now);

/// One of those services; nothing when there is none of this name.
std::optional<std::string> service_document(std::span<const proxy::service_site> services,
                                            const control::view& now, std::string_view name);

/// How the journal stands: {"at","failing","size","root","verifier_key","sinks":[…],"overflow"}; size and
/// root are null until this process has written to it.
std::string journal_document(const journal::checkpoint_state& state, const control::view& now);

/// What became of an order: {"service","mode","by","stored"}, and "warning" when it is not stored.
std::string order_document(const control::mode_request& ordered, const control::mode_result& became);

/// What became of it for the emergency procedure: {"service","open","by","changed","stored"}, and "warning".
std::string procedure_document(const control::procedure_request& ordered,
                               const control::procedure_result& became);

/// What began, or what ended: {"service","begin","by","exercises":[…]}.
std::string exercise_document(const control::exercise_request& ordered,
                              const control::exercise_result& became);

/// Personal values that are erased: {"before","by"}.
std::string erasure_document(const erasure_request& ordered);

/// A configuration that was adopted: {"configuration","former_configuration","by","problems"}.
std::string reload_document(const reload_result& became, std::string_view by);

/// Why it was not: a problem document with `problems` where there are some.
net::page_reply reload_refusal(const reload_result& became);

/// The words of a problem document, as whoever asked was told; empty when it is none.
std::string detail_of(const net::page_reply& problem);

}  // namespace garde::admin
