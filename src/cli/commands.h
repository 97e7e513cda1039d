// SPDX-License-Identifier: Apache-2.0
//
// cli: the k2i program. One file a command; each adds itself to the CLI11 application and sets the exit code of
// interface.md when it has run. wiring.h turns the configuration into the parts of the other modules.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace k2i::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUnhealthy = 6;
inline constexpr int kExitVerificationFailed = 7;
inline constexpr int kExitUsage = 64;

void AddValidateCommand(CLI::App& app, int& exit_code);
void AddIngestCommand(CLI::App& app, int& exit_code);
void AddDevCommand(CLI::App& app, int& exit_code);
void AddDlqCommand(CLI::App& app, int& exit_code);
void AddMaintenanceCommand(CLI::App& app, int& exit_code);
void AddOffsetsCommand(CLI::App& app, int& exit_code);
void AddQueryCommand(CLI::App& app, int& exit_code);
void AddStatusCommand(CLI::App& app, int& exit_code);
void AddTableCommand(CLI::App& app, int& exit_code);
void AddTxlogCommand(CLI::App& app, int& exit_code);
void AddVerifyCommand(CLI::App& app, int& exit_code);
void AddCompletionsCommand(CLI::App& app, int& exit_code);

// Below `k2i maintenance`.
void AddCompactCommand(CLI::App& maintenance, int& exit_code);
void AddRewriteManifestsCommand(CLI::App& maintenance, int& exit_code);
void AddExpireSnapshotsCommand(CLI::App& maintenance, int& exit_code);
void AddCleanOrphansCommand(CLI::App& maintenance, int& exit_code);

}  // namespace k2i::cli
