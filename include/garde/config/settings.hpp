// The whole configuration after loading: immutable, validated plain data. conf/garde.toml documents each
// setting; the names here are the names there. Paths are absolute (relative ones in the file count from the
// file's folder).
#pragma once

#include "garde/base/secret.hpp"
#include "garde/caller/pattern.hpp"
#include "garde/caller/recognition.hpp"
#include "garde/continuity/types.hpp"
#include "garde/soap/element_recipe.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::config {

using std::chrono::milliseconds;

struct endpoint {
    std::string host;  ///< a name or an IP literal, without brackets
    std::uint16_t port = 0;
    int line = 0;  ///< where the file says so, for messages about ports; 0 when it was not read from a file
};

struct certificate_files {
    std::filesystem::path certificate;  ///< PEM, leaf first
    std::filesystem::path key;          ///< PEM
};

/// [[listener.sni]]: a certificate for clients that ask for one of its DNS names.
struct sni_certificate {
    certificate_files files;
    std::filesystem::path ocsp_response;  ///< as in [listener]
};

enum class tls_version : std::uint8_t { tls1_2, tls1_3 };
enum class client_certificates : std::uint8_t { off, optional, required };

/// [listener]: where pharmacy software connects.
struct listener_settings {
    endpoint address;
    certificate_files tls;                ///< for clients that ask for no name, or for none of those in `sni`
    std::filesystem::path ocsp_response;  ///< DER, stapled for clients that ask; empty: none
    std::vector<sni_certificate> sni;     ///< an earlier one's names go before a later one's
    tls_version min_tls = tls_version::tls1_2;
    client_certificates clients = client_certificates::optional;
    std::filesystem::path client_ca;                ///< empty when clients is off
    std::vector<std::filesystem::path> client_crl;  ///< PEM; empty: revocation is not checked
};

/// [limits]: of one connection and one exchange.
struct limits_settings {
    std::size_t head_bytes = 16 * 1024;
    std::size_t body_bytes = 1024 * 1024;
    std::size_t commit_bytes =
        256 * 1024;  ///< answers up to here are complete and classified before they leave
    // Of all workers together; 0: derived from what the machine can bear (proxy/admission.hpp says how).
    std::size_t connections = 0;
    std::size_t connections_per_caller = 0;
    std::size_t requests = 0;  ///< in flight
    std::size_t requests_per_service = 0;
    std::size_t requests_per_caller = 0;
    std::size_t buffer_bytes = 0;  ///< kept in memory for all exchanges together
    std::size_t body_rate = 1024;  ///< bytes a second: a body that comes slower ends
    milliseconds handshake_time{5'000};
    milliseconds head_time{10'000};
    milliseconds body_time{30'000};
    milliseconds idle_time{75'000};
    milliseconds write_time{30'000};
};

/// [admin]
struct admin_settings {
    endpoint address;
    certificate_files tls;
    /// `tokens`: a file of lines `NAME SHA256-HEX`, one per operator.
    std::map<std::string, std::string> token_sha256_by_name;
};

/// [status]
struct status_settings {
    endpoint address;
    std::optional<certificate_files> tls;  ///< plain HTTP when absent
    std::string public_url;  ///< how the public reaches it; links to procedures begin with it; no final '/'
};

/// [metrics]: plain HTTP.
struct metrics_settings {
    endpoint address;
};

/// [receipts]
struct receipts_settings {
    std::filesystem::path key;                       ///< PEM, EC P-256 private key
    std::vector<std::filesystem::path> former_keys;  ///< that earlier receipts were signed with; PEM, public
    std::string issuer;
};

enum class probe_type : std::uint8_t {
    tcp,   ///< a connection, also to a backend with TLS
    tls,   ///< a connection and its handshake
    http,  ///< GET, by the status
    soap,  ///< a question and its answer
};

/// [service.probe], [service.backend.probe], [service.shallow_probe]
struct probe_settings {
    probe_type type = probe_type::tcp;
    std::string path = "/";           ///< http, soap
    std::filesystem::path body_file;  ///< soap: what is sent
    std::string body;                 ///< content of body_file, with placeholders (soap/message_template.hpp)
    std::string soap_action;          ///< soap
    std::string expect_element;       ///< soap: local name of the element that must be in the reply's Body
    std::string expect_xpath;         ///< soap: instead, what must select at least one node of the reply
    std::string expect_fault;         ///< soap: instead, a fault code that counts as alive (a shallow probe)
    milliseconds interval{2'000};
    milliseconds fast_interval{500};    ///< while the next probes decide something
    milliseconds slow_interval{4'000};  ///< while the backend is down
    milliseconds timeout{1'000};
    milliseconds jitter{200};  ///< each interval is lengthened by a random time up to this
    int rise = 2;
    int fall = 3;
};

/// [self_check]: is this node connected? A TCP connection to any one reference says so.
struct self_check_settings {
    std::vector<endpoint> references;  ///< empty: nobody asks, and the node counts as connected
    milliseconds interval{2'000};
    milliseconds timeout{500};
};

enum class backend_role : std::uint8_t { primary, backup };

/// [[service.backend]]
struct backend_settings {
    std::string name;
    backend_role role = backend_role::backup;
    int order = 0;  ///< among the backups, smallest first
    endpoint address;
    bool tls = true;
    std::string server_name;   ///< for SNI, the certificate check and the Host header; default: the host
    std::filesystem::path ca;  ///< PEM bundle that the backend's certificate must chain to
    std::optional<certificate_files> client;  ///< garde's own client certificate for this backend
    /// `domains`: what it can lose together with others: kind (site, storage, …) → name.
    std::map<std::string, std::string> domains;
    probe_settings probe;                         ///< its own, else the service's
    std::optional<probe_settings> shallow_probe;  ///< decides nothing: shows where a fault lies
};

/// What becomes of a request when every backend is down.
enum class all_down_policy : std::uint8_t {
    try_anyway,  ///< a backend is asked all the same, for verdicts may be wrong
    procedure,   ///< at once the cache or the emergency procedure: nobody waits for a backend that is down
};

/// [service.switchover]. Percentages are whole ones.
struct switchover_settings {
    // Of one exchange.
    milliseconds attempt_timeout{3'000};    ///< of one attempt at one backend
    milliseconds exchange_timeout{10'000};  ///< of all attempts together
    milliseconds connect_timeout{1'000};
    int retry_budget = 20;         ///< percentage of the requests that may be sent a second time
    bool hedge = false;            ///< a second backend is asked while the first is unusually slow
    bool replay_detection = true;  ///< backends refuse a message that they, or a twin, have seen before
    all_down_policy when_all_fail = all_down_policy::procedure;

    // What takes a backend down besides its probes.
    int traffic_fall = 5;      ///< failures in traffic in a row that take a backend down
    int distinct_callers = 3;  ///< of so many callers at least: one caller's own faults are no outage
    int failure_rate = 25;     ///< percentage of the attempts in failure_window that fail; 0: not looked at
    milliseconds failure_window{10'000};
    int failure_volume = 20;  ///< with fewer attempts in the window the rate says nothing
    int slow_factor = 5;      ///< times its usual latency at which a backend counts as failing; 0: never
    milliseconds ejection_time{
        10'000};  ///< a backend that failed in traffic while its probes pass stays out so long
    milliseconds longest_ejection{300'000};  ///< to which ejection_time grows with each relapse
    milliseconds domain_window{
        30'000};  ///< failures so near to each other may have one cause that both share

    // The way back.
    milliseconds trial_interval{1'000};  ///< between two real requests that try a backend that was down
    milliseconds hold_down{30'000};  ///< how long a better backend must be up before traffic goes back to it
    milliseconds degraded_hold_down{5'000};   ///< the same when what it leaves is `degraded` or `emergency`
    milliseconds longest_hold_down{600'000};  ///< to which hold_down grows with each relapse
    std::vector<int> canary{5, 25,
                            50};      ///< percentages of the traffic that go back first, ascending; none: all
    milliseconds canary_step{5'000};  ///< how long each of them lasts
    milliseconds ramp_step{1'000};    ///< the same when what it leaves is `degraded` or `emergency`

    milliseconds min_dwell{2'000};  ///< a mode that still has a route stays at least so long
    int switchovers_per_hour = 20;  ///< at so many the mode stays as it is until an hour has fewer
    /// How long after the service is back the procedure stays announced; nothing: until an operator closes
    /// it.
    std::optional<milliseconds> procedure_closes{0};
};

/// [service.cache]
struct cache_settings {
    std::size_t memory_bytes = 64 * 1024 * 1024;
    std::size_t entry_bytes = 64 * 1024;  ///< larger replies are not kept
    std::chrono::seconds max_age{30 * 24 * 3600};
    std::vector<std::string> success_status{"200"};  ///< Status/Code values that may be cached
    std::vector<std::string> success_return{
        "00/00/00000"};  ///< ReturnCode Major/Minor/Detail values that may be cached
};

/// [cache_store], [ledger]: a file on the disk whose content is sealed.
struct sealed_store_settings {
    std::vector<secret_string> keys;  ///< 32 bytes each; the first is in use, the others only open
    std::size_t bytes = std::size_t{1} << 30;
    int line = 0;
};

/// What a stand-in rule decides: who answers when no backend does.
enum class stand_in_decision : std::uint8_t {
    cache,      ///< the kept answer, byte for byte
    defer,      ///< the request is kept, to be asked again; the caller gets the procedure and is told so
    procedure,  ///< the procedure alone
};

/// In any sixty minutes. Nothing: no limit.
struct hourly_limits {
    std::optional<std::size_t> of_all;
    std::optional<std::size_t> per_caller;

    [[nodiscard]] bool any() const { return of_all || per_caller; }
    friend bool operator==(const hourly_limits&, const hourly_limits&) = default;
};

/// [[service.stand_in]]. What is not said does not matter.
struct stand_in_rule {
    std::string name;
    stand_in_decision decide = stand_in_decision::procedure;
    std::optional<continuity::mode> mode;  ///< degraded or emergency
    std::vector<caller::pattern> callers;  ///< groups are resolved; unverified callers match none
    std::vector<std::string> request_types;
    std::optional<std::chrono::seconds> consult_younger;  ///< than this is the kept answer
    std::optional<std::chrono::seconds> consult_older;    ///< this old or older it is
    std::optional<std::chrono::seconds> outage_shorter;   ///< than this has the outage lasted
    std::optional<std::chrono::seconds> outage_longer;    ///< so long or longer it has
    hourly_limits limits;

    friend bool operator==(const stand_in_rule&, const stand_in_rule&) = default;
};

/// [journal.checkpoints.webhook]
struct webhook_settings {
    std::string url;           ///< https; may be a secret itself
    secret_string secret;      ///< what each message is signed with: the key, decoded
    std::filesystem::path ca;  ///< PEM; empty: what the system trusts
};

/// [journal.checkpoints.syslog]: over TLS.
struct syslog_settings {
    endpoint address;
    std::filesystem::path ca;                 ///< PEM
    std::optional<certificate_files> client;  ///< garde's own certificate for this receiver
};

/// [journal.checkpoints]
struct checkpoint_settings {
    secret_string key;   ///< PEM, private, Ed25519
    std::string origin;  ///< which log; the name of the key
    milliseconds every{60'000};
    std::filesystem::path file;  ///< on another disk; empty: none
    std::optional<webhook_settings> webhook;
    std::optional<syslog_settings> syslog;
};

/// [journal]
struct journal_settings {
    std::size_t segment_bytes = std::size_t{64} << 20;  ///< a file that has reached it is closed
    std::size_t keep_segments = 0;                      ///< files, with the one in use; 0: all
    std::optional<milliseconds> keep_for;               ///< of whole files; none: for ever
    /// Then names of operators and callers are erased; none: never.
    std::optional<milliseconds> keep_names_for{std::chrono::hours(365 * 24)};
    std::filesystem::path names_key;  ///< the file with their key; empty: made in the journal's folder
    int line = 0;
};

/// [service.procedure]
struct procedure_settings {
    std::filesystem::path folder;  ///< holds NAME.fr.txt, NAME.nl.txt, NAME.de.txt, NAME.en.txt
    std::string name;
    std::string default_language = "fr";
    std::string environment = "Production";  ///< of the SOA fault (enumeration of the schema)
    std::chrono::seconds retry_after{60};
};

using continuity::route_kind;

/// What is kept of a request that no backend answered.
enum class deferral : std::uint8_t {
    none,
    reference,  ///< what its sender knows it by: whoever signed the message must ask again himself
    message,    ///< all of it, where it stays valid: garde asks again
};

/// Who shares kept answers.
enum class cache_scope : std::uint8_t {
    caller,     ///< nobody: each caller has his own
    everybody,  ///< all callers who may have any: for what is about nobody
};

/// cache_key, cache_ignored and cache_scope of a route whose questions are no consults.
struct cache_recipe {
    soap::element_recipe reads;
    cache_scope scope = cache_scope::caller;
};

/// [[service.route]]
struct route_settings {
    std::string path;  ///< exact, or a prefix when it ends in `/*`
    route_kind kind = route_kind::soap;
    bool replay_safe = false;  ///< may be sent to a second backend after the first may have processed it
    bool cached =
        false;  ///< opt-in: cached answers for the callers below, see conf/garde.toml for what that means
    /// Groups are resolved. Shared with questions that are on their way to the cache.
    std::shared_ptr<const std::vector<caller::pattern>> cached_callers =
        std::make_shared<const std::vector<caller::pattern>>();
    /// Null: the questions are consults, which garde knows by itself. Shared with questions that are on their
    /// way to the cache.
    std::shared_ptr<const cache_recipe> recipe = nullptr;
    deferral deferred = deferral::none;
    /// Whose. Groups are resolved.
    std::shared_ptr<const std::vector<caller::pattern>> deferred_callers =
        std::make_shared<const std::vector<caller::pattern>>();
    std::chrono::seconds stays_valid{0};  ///< how long a deferral is worth asking again
    /// The request header by which the service recognises a message that it has seen; empty: it does not.
    std::string idempotency_header;
};

struct service_settings {
    std::string name;
    std::map<std::string, std::string> title;  ///< by language, for the public; falls back to name
    std::vector<backend_settings> backends;    ///< the primary first, then backups by order; at most 16
    std::vector<route_settings> routes;
    switchover_settings switchover;
    std::optional<cache_settings> cache;
    std::optional<procedure_settings> procedure;
    std::vector<stand_in_rule> stand_in;  ///< the first that fits decides
};

struct settings {
    std::filesystem::path file;       ///< where all this was read
    std::string sha256;               ///< of the file's bytes, hex
    std::string node_name = "garde";  ///< [node] name: in Via, Cache-Status, Proxy-Status, journal
    std::filesystem::path data_dir;   ///< [node] data_dir: journal and store
    std::size_t workers = 0;          ///< [node] workers: 0 means one per core
    std::string log_level = "info";   ///< [node] log_level: debug, info, warn, error
    milliseconds drain_time{
        10'000};  ///< [node] drain_time: what exchanges under way have to finish at the end
    listener_settings listener;
    limits_settings limits;
    admin_settings admin;
    status_settings status;
    std::optional<metrics_settings> metrics;
    std::optional<receipts_settings> receipts;
    self_check_settings self_check;
    std::optional<sealed_store_settings> cache_store;  ///< none: kept answers are in memory only
    std::optional<sealed_store_settings> ledger;       ///< none: no request is kept to be asked again
    std::optional<checkpoint_settings> checkpoints;    ///< none: the journal's state is not signed
    journal_settings journal;
    /// [assertions] and [[caller]].
    caller::recognition_ptr callers = std::make_shared<const caller::recognition>();
    std::vector<service_settings> services;
};

using settings_ptr = std::shared_ptr<const settings>;

}  // namespace garde::config
