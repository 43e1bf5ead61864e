// SPDX-License-Identifier: Apache-2.0
// A chart is a string to which each call appends elements; values become coordinates linearly.
#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace caddie {
namespace {

constexpr int kRight = 16, kBottom = 40;

/// Returns a tick with no more digits than its distance to the next one needs.
std::string tick_text(double value, double step) {
  if (std::abs(value) >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (std::abs(value) >= 1e4) return fmt::format("{:g}k", value / 1e3);
  int decimals = std::max(0, int(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", std::abs(value) < step / 1e6 ? 0.0 : value, decimals);
}

std::string hint_element(const std::string& hint) {
  return hint.empty() ? "" : "<title>" + escape_html(hint) + "</title>";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

Axis Axis::around(std::span<const double> values, std::string title) {
  Axis axis{HUGE_VAL, -HUGE_VAL, std::move(title)};
  for (double value : values) {
    if (!std::isfinite(value)) continue;
    axis.low = std::min(axis.low, value);
    axis.high = std::max(axis.high, value);
  }
  if (axis.low > axis.high) axis.low = 0, axis.high = 1;
  double air =
      axis.high > axis.low ? 0.06 * (axis.high - axis.low) : std::max(1e-6, 0.01 * std::abs(axis.low));
  axis.low -= air;
  axis.high += air;
  return axis;
}

std::vector<double> Axis::ticks(int count) const {
  double rough = (high - low) / count, power = std::pow(10, std::floor(std::log10(rough)));
  double share = rough / power, step = power * (share > 5 ? 10 : share > 2 ? 5 : share > 1 ? 2 : 1);
  std::vector<double> found;
  for (double tick = std::ceil(low / step) * step; tick <= high + step * 1e-9; tick += step)
    found.push_back(tick);
  return found;
}

std::vector<Point> thinned(std::span<const Point> points, size_t most) {
  size_t width = (points.size() + most - 1) / most;
  std::vector<Point> thin;
  for (size_t begin = 0; begin < points.size(); begin += width) {
    std::span<const Point> together = points.subspan(begin, std::min(width, points.size() - begin));
    Point& mean = thin.emplace_back();
    for (Point point : together) {
      mean.x += point.x / double(together.size());
      mean.y += point.y / double(together.size());
    }
  }
  return thin;
}

Chart::Chart(int width, int height, int left, Axis x, Axis y)
    : width_(width),
      height_(height),
      left_(left),
      top_(y.title.empty() ? 8 : 26),
      x_(std::move(x)),
      y_(std::move(y)) {}

double Chart::across(double x) const {
  return left_ + (x - x_.low) / (x_.high - x_.low) * (width_ - left_ - kRight);
}

double Chart::down(double y) const {
  return height_ - kBottom - (y - y_.low) / (y_.high - y_.low) * (height_ - kBottom - top_);
}

void Chart::draw_axes(bool y_ticks) {
  int floor = height_ - kBottom;
  std::vector<double> ticks = x_.ticks(6);
  for (double tick : ticks)
    body_ += fmt::format(
        "<path class=grid d=\"M{0:.1f} {1}V{2}\"/><text x={0:.1f} y={3} text-anchor=middle>{4}</text>",
        across(tick), top_, floor, floor + 15, tick_text(tick, ticks.size() > 1 ? ticks[1] - ticks[0] : 1));
  std::vector<double> rows = y_ticks ? y_.ticks(5) : std::vector<double>();
  for (double tick : rows)
    body_ += fmt::format(
        "<path class=grid d=\"M{0} {1:.1f}H{2}\"/><text x={3} y={4:.1f} text-anchor=end>{5}</text>", left_,
        down(tick), width_ - kRight, left_ - 6, down(tick) + 4,
        tick_text(tick, rows.size() > 1 ? rows[1] - rows[0] : 1));
  body_ += fmt::format("<text x={} y={} text-anchor=middle>{}</text>", (left_ + width_ - kRight) / 2,
                       height_ - 6, escape_html(x_.title));
  body_ += fmt::format("<text x=0 y={} class=strong>{}</text>", 12, escape_html(y_.title));
}

void Chart::line(std::span<const Point> points, const std::string& style) {
  std::string path;
  for (const Point& point : points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", across(point.x), down(point.y));
  body_ += fmt::format("<path class=\"line {}\" d=\"{}\"/>", style, path);
}

void Chart::dot(Point at, const std::string& style, const std::string& hint) {
  body_ += fmt::format("<circle class=\"{}\" cx={:.1f} cy={:.1f} r=4>{}</circle>", style, across(at.x),
                       down(at.y), hint_element(hint));
}

void Chart::square(Point at, const std::string& style, const std::string& hint) {
  body_ += fmt::format("<rect class=\"{}\" x={:.1f} y={:.1f} width=8 height=8>{}</rect>", style,
                       across(at.x) - 4, down(at.y) - 4, hint_element(hint));
}

void Chart::label(Point at, std::string_view text, int dx, int dy, const char* anchor) {
  body_ += fmt::format("<text x={:.1f} y={:.1f} text-anchor={}>{}</text>", across(at.x) + dx, down(at.y) + dy,
                       anchor, escape_html(text));
}

void Chart::row_label(double y, std::string_view text) {
  body_ += fmt::format("<text x=0 y={:.1f} class=strong>{}</text>", down(y) + 4, escape_html(text));
}

std::string Chart::svg(const std::string& title) const {
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=img aria-label=\"{}\">{}</svg>\n", width_, height_,
                     escape_html(title), body_);
}

}  // namespace caddie
