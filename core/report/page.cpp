// SPDX-License-Identifier: Apache-2.0
// Each section of the page comes from a function, which returns no text where there is nothing to show.
#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "base/text.h"
#include "report/cells.h"
#include "report/curves.h"
#include "report/effects.h"
#include "report/svg.h"
#include "report/sweep_tables.h"
#include "results/metrics.h"

namespace caddie {
namespace {

constexpr size_t kColours = 8;       // the number of colours that arms take in turn
constexpr size_t kCurvePoints = 80;  // the most points of a curve that are drawn

constexpr const char* kStyle = R"(<style>
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#68727f;--paper:#fff;--grid:#e6e9ed;--card:#f7f8fa;--good:#0a7d4b;
--c0:#8a94a1;--c1:#2f6fde;--c2:#d9622b;--c3:#2b9a66;--c4:#a04bd0;--c5:#c2940a;--c6:#0d9aa8;--c7:#d3437f}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#96a1b0;--paper:#14171c;--grid:#2a3039;--card:#1b2027;
--good:#43c98a;--c0:#8f9bab;--c1:#6ea2ff;--c2:#ff9663;--c3:#5fd39b;--c4:#cf8bf5;--c5:#e6c14f;--c6:#4dcfdb;--c7:#ff80b3}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:960px;margin:2.5rem auto;padding:0 1.2rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.05rem;margin:2.2rem 0 .6rem}.soft,figcaption{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;white-space:nowrap}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid var(--grid)}th{color:var(--soft);font-weight:500}
th:first-child,td:first-child{text-align:left}.won{color:var(--good);font-weight:600}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--soft);paint-order:stroke;stroke:var(--paper);stroke-width:3px}svg .strong{fill:var(--ink);font-size:12px}
.grid{stroke:var(--grid);fill:none}.zero{stroke:var(--soft);stroke-dasharray:4 3}.line{fill:none;stroke-width:1.7}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:1.2rem}figure{margin:0}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:13px;margin:.4rem 0}.key i{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
code{font-size:12px;overflow-wrap:anywhere}details{background:var(--card);border-radius:8px;padding:.5rem .9rem;margin:.5rem 0}
)";

/// Returns the class of an arm's colour.
std::string colour(size_t arm) { return "k" + std::to_string(arm % kColours); }

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : "<h2>" + title + "</h2>\n" + body;
}

std::string html_table(const TextTable& table, const std::function<bool(size_t row)>& is_won = {}) {
  std::string out = "<div class=scroll><table><tr>";
  for (const std::string& name : table.head) out += "<th>" + escape_html(name);
  out += "\n";
  for (size_t row = 0; row < table.rows.size(); ++row) {
    out += is_won && is_won(row) ? "<tr class=won>" : "<tr>";
    for (const std::string& cell : table.rows[row]) out += "<td>" + escape_html(cell);
    out += "\n";
  }
  return out + "</table></div>\n";
}

/// Writes the page of one sweep, section by section.
class Page {
 public:
  Page(const Ablation& ablation, const std::filesystem::path& folder)
      : a_(ablation), plan_(*ablation.plan), folder_(folder) {}

  std::string write() const {
    std::string style = kStyle;
    for (size_t i = 0; i < kColours; ++i)
      style += fmt::format(
          ".k{0}{{stroke:var(--c{0});fill:var(--c{0})}}.line.k{0}{{fill:none}}i.k{0}{{background:var(--c{0})}"
          "}",
          i);
    return "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport "
           "content=\"width=device-width\">"
           "<title>" +
           escape_html(plan_.name) + "</title>\n" + style + "</style>\n" + head() + section("Arms", arms()) +
           section("Differences from the baseline", forest()) + section("Effects of the factors", factors()) +
           section("Training", curves()) + section("Bytes against score", pareto()) +
           section("Provenance", provenance()) + "</html>\n";
  }

 private:
  std::string head() const {
    std::string out = "<h1>" + escape_html(plan_.name) + "</h1>\n";
    if (!plan_.question.empty()) out += "<p><strong>" + escape_html(plan_.question) + "</strong></p>\n";
    return out + "<p class=soft>" + escape_html(standing(a_)) + "</p>\n";
  }

  std::string arms() const {
    std::string out = html_table(readable_table(a_), [&](size_t row) { return a_.arms[row].significant; });
    out += "<ul class=soft>";
    for (const std::string& note : a_.notes) out += "<li>" + escape_html(note);
    return out + "</ul>\n";
  }

  std::string forest() const {
    std::vector<double> values = {0};
    std::vector<const ArmRow*> rows;
    for (const ArmRow& arm : a_.arms) {
      if (arm.is_baseline || !std::isfinite(arm.shown.delta)) continue;
      rows.push_back(&arm);
      for (double value : {arm.shown.delta, arm.shown.low, arm.shown.high}) values.push_back(value);
    }
    if (rows.empty()) return "";
    auto count = double(rows.size());
    Chart chart(900, 56 + 26 * int(rows.size()), 250,
                Axis::around(values, fmt::format("difference of {}; left is better", a_.score)),
                {0.4, count + 0.6});
    chart.draw_axes(false);
    chart.line(std::vector<Point>{{0, 0.4}, {0, count + 0.6}}, "zero");
    bool margin = plan_.claim && a_.metric == a_.score && a_.hypothesis.margin > 0;
    double goal = a_.hypothesis.tail == Tail::less ? -a_.hypothesis.margin : a_.hypothesis.margin;
    if (margin) chart.line(std::vector<Point>{{goal, 0.4}, {goal, count + 0.6}}, "zero k2");
    for (size_t i = 0; i < rows.size(); ++i) {
      const ArmRow& arm = *rows[i];
      double y = count - double(i);
      std::string style = arm.significant ? "k3" : "k0";
      chart.row_label(y, arm.arm->label);
      if (std::isfinite(arm.shown.low))
        chart.line(std::vector<Point>{{arm.shown.low, y}, {arm.shown.high, y}}, style);
      chart.square({arm.shown.delta, y}, style,
                   fmt::format("{}: {:+.5f} {}", arm.arm->label, arm.shown.delta,
                               interval_text(arm.shown.low, arm.shown.high)));
    }
    return "<figure>" + chart.svg("difference of each arm from the baseline") +
           fmt::format("<figcaption>Bars: {:g}% intervals. Green: shown to be {}.</figcaption></figure>\n",
                       100 * a_.confidence, plan_.claim ? "what the claim says" : "different");
  }

  std::string factors() const {
    TextTable table = effects_table(a_);
    return table.rows.empty() ? "" : html_table(table);
  }

  /// Returns the mean over the arm's seeds at each step that all of them have measured; x is the step or the
  /// time.
  std::vector<Point> mean_curve(const Arm* arm, const char* name, bool by_time) const {
    std::map<int64_t, std::vector<CurvePoint>> by_step;
    size_t runs = 0;
    for (const RunRow& run : a_.runs_of(arm)) {
      if (!run.is_done()) continue;
      ++runs;
      for (const CurvePoint& point : read_curve(folder_ / run.run->folder, name))
        by_step[point.step].push_back(point);
    }
    std::vector<Point> points;
    for (const auto& [step, measured] : by_step) {
      if (measured.size() < runs) continue;
      Point mean;
      for (const CurvePoint& point : measured) {
        mean.x += (by_time ? point.seconds : double(step)) / double(runs);
        mean.y += point.value / double(runs);
      }
      points.push_back(mean);
    }
    return thinned(points, kCurvePoints);
  }

  std::string curve_chart(const char* name, bool by_time) const {
    std::vector<std::vector<Point>> all;
    std::vector<double> x, y;
    for (const ArmRow& arm : a_.arms) {
      all.push_back(mean_curve(arm.arm, name, by_time));
      // The first tenth falls so steeply that nothing else could be seen.
      size_t skipped = all.back().size() / 10;
      all.back().erase(all.back().begin(), all.back().begin() + long(skipped));
      for (const Point& point : all.back()) x.push_back(point.x), y.push_back(point.y);
    }
    if (x.size() < 2) return "";
    Chart chart(460, 300, 52, Axis::around(x, by_time ? "seconds of training" : "steps"),
                Axis::around(y, name));
    chart.draw_axes();
    for (size_t arm = 0; arm < all.size(); ++arm)
      if (all[arm].size() > 1) chart.line(all[arm], colour(arm));
    return "<figure>" + chart.svg(fmt::format("{} by {}", name, by_time ? "time" : "steps")) + "</figure>\n";
  }

  std::string curves() const {
    const char* name = a_.score.c_str();
    std::string by_steps = curve_chart(name, false);
    if (by_steps.empty()) by_steps = curve_chart(name = kTrainLoss.name, false);
    if (by_steps.empty()) return "";
    std::string key = "<div class=key>";
    for (size_t arm = 0; arm < a_.arms.size(); ++arm)
      key += "<span><i class=" + colour(arm) + "></i>" + escape_html(a_.arms[arm].arm->label) + "</span>";
    return key + "</div><div class=pair>" + by_steps + curve_chart(name, true) +
           "</div><p class=soft>Means over seeds; the first tenth is left out.</p>\n";
  }

  std::string pareto() const {
    std::vector<double> x, y;
    std::vector<Point> points;
    for (const ArmRow& arm : a_.arms) {
      if (!std::isfinite(arm.bytes) || !std::isfinite(arm.bpb.mean)) continue;
      x.push_back(arm.bytes), y.push_back(arm.bpb.mean);
      points.push_back({arm.bytes, arm.bpb.mean});
    }
    if (points.size() < 2) return "";
    Axis across = Axis::around(x, "artifact bytes");
    across.high += 0.25 * (across.high - across.low);  // Names of arms need room on the right.
    Chart chart(900, 340, 60, across, Axis::around(y, a_.score));
    chart.draw_axes();
    chart.line(frontier(points), "zero");
    for (size_t arm = 0; arm < a_.arms.size(); ++arm) {
      const ArmRow& row = a_.arms[arm];
      if (!std::isfinite(row.bytes) || !std::isfinite(row.bpb.mean)) continue;
      Point at = {row.bytes, row.bpb.mean};
      chart.dot(
          at, colour(arm),
          fmt::format("{}: {} bytes, {:.5f}", row.arm->label, with_commas(int64_t(row.bytes)), row.bpb.mean));
      chart.label(at, row.arm->label, 8);
    }
    return "<figure>" + chart.svg(fmt::format("bytes against {}", a_.score)) +
           "<figcaption>Dashed: no arm is smaller and better.</figcaption></figure>\n";
  }

  /// Returns the Pareto frontier as a staircase: the points that are better than all that are smaller, from
  /// small to large.
  static std::vector<Point> frontier(std::vector<Point> points) {
    std::sort(points.begin(), points.end(),
              [](const Point& a, const Point& b) { return std::pair(a.x, a.y) < std::pair(b.x, b.y); });
    std::vector<Point> best;
    for (const Point& point : points) {
      if (!best.empty() && point.y >= best.back().y) continue;
      if (!best.empty()) best.push_back({point.x, best.back().y});
      best.push_back(point);
    }
    return best;
  }

  std::string provenance() const {
    TextTable whole = runs_table(a_), shown;
    const std::set<std::string> kShown = {"arm",     "seed",      "status",     kBpb.name,
                                          "git_sha", "git_dirty", "host",       "cpu",
                                          "isa",     "threads",   "started_at", "caddie_version"};
    std::vector<size_t> columns;
    for (size_t i = 0; i < whole.head.size(); ++i)
      if (kShown.contains(whole.head[i])) columns.push_back(i);
    for (size_t column : columns) shown.head.push_back(whole.head[column]);
    for (std::vector<std::string>& row : whole.rows) {
      shown.rows.emplace_back();
      for (size_t column : columns)
        shown.rows.back().push_back(whole.head[column] == "git_sha" ? row[column].substr(0, 10)
                                                                    : row[column]);
    }
    return "<details><summary>Runs</summary>" + html_table(shown) + "</details>" +
           details("Plugins, data and commands", distinct(whole)) +
           details("Sweep file as it was frozen", plan_.sweep_text) +
           details("Base experiment as it was frozen", plan_.base_text);
  }

  static std::string details(const char* title, const std::string& text) {
    if (text.empty()) return "";
    return fmt::format("<details><summary>{}</summary><pre><code>{}</code></pre></details>\n", title,
                       escape_html(text));
  }

  /// Lists every hash and command that some run has, each once.
  static std::string distinct(const TextTable& runs) {
    std::string text;
    for (size_t column = 0; column < runs.head.size(); ++column) {
      static const std::set<std::string> kColumns = {"plugins",        "data_train", "data_validation",
                                                     "data_tokenizer", "engine",     "command"};
      if (!kColumns.contains(runs.head[column])) continue;
      std::set<std::string> values;
      for (const std::vector<std::string>& row : runs.rows)
        for (const std::string& value :
             runs.head[column] == "plugins" ? split(row[column], ' ') : std::vector<std::string>{row[column]})
          if (!value.empty()) values.insert(value);
      for (const std::string& value : values) text += fmt::format("{}: {}\n", runs.head[column], value);
    }
    return text;
  }

  const Ablation& a_;
  const Plan& plan_;
  const std::filesystem::path& folder_;
};

}  // namespace

std::string report_page(const Ablation& ablation, const std::filesystem::path& folder) {
  return Page(ablation, folder).write();
}

}  // namespace caddie
