// SPDX-License-Identifier: Apache-2.0
// Charts as SVG that stands in a page: axes with round ticks, lines, marks. Colours are classes of the page.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Text that may stand in HTML and in attributes.
std::string escape_html(std::string_view text);

/// A range of values that a side of a chart shows.
struct Axis {
  double low = 0, high = 1;
  std::string title = {};
  /// The smallest range around `values` (unknown ones do not count) with some air; never empty.
  static Axis around(std::span<const double> values, std::string title = "");
  /// Round values inside, about `count` of them.
  std::vector<double> ticks(int count) const;
};

struct Point {
  double x = 0, y = 0;
};

class Chart {
 public:
  /// `width` and `height` in units of the page; `left`: room for labels left of the plot.
  Chart(int width, int height, int left, Axis x, Axis y);

  /// Axes with ticks; `y_ticks` off where rows are named instead.
  void draw_axes(bool y_ticks = true);
  void line(std::span<const Point> points, const std::string& style);
  void dot(Point at, const std::string& style, const std::string& hint = "");
  void square(Point at, const std::string& style, const std::string& hint = "");
  /// Text beside a point of the plot, moved by (dx, dy) on the page; `anchor` as SVG names it.
  void label(Point at, std::string_view text, int dx = 0, int dy = 4, const char* anchor = "start");
  /// Text in the room left of the plot.
  void row_label(double y, std::string_view text);

  /// The whole element; `title` is read to those who cannot see it.
  std::string svg(const std::string& title) const;

 private:
  double across(double x) const;
  double down(double y) const;
  int width_, height_, left_, top_;
  Axis x_, y_;
  std::string body_;
};

}  // namespace caddie
