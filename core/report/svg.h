// SPDX-License-Identifier: Apache-2.0
// A chart is an SVG element inside an HTML page: axes with round ticks, lines and marks. Its styles are names
// of CSS classes that the page defines.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the text as it may stand in HTML and in attributes.
std::string escape_html(std::string_view text);

/// Holds the range of values that a side of a chart shows.
struct Axis {
  double low = 0, high = 1;
  std::string title = {};
  /// Returns a range a little wider than that of `values`, of which unknown ones do not count; it is never
  /// empty.
  static Axis around(std::span<const double> values, std::string title = "");
  /// Returns round values inside, about `count` of them.
  std::vector<double> ticks(int count) const;
};

/// Holds a point of a chart, in units of its axes.
struct Point {
  double x = 0, y = 0;
};

/// Returns at most `most` points, each the mean of as many neighbours; the last one may have fewer.
std::vector<Point> thinned(std::span<const Point> points, size_t most);

/// Draws one chart.
class Chart {
 public:
  /// `width` and `height` are in units of the page; `left` is the room for labels left of the plot.
  Chart(int width, int height, int left, Axis x, Axis y);

  /// Draws axes with ticks; `y_ticks` is off where rows are named instead.
  void draw_axes(bool y_ticks = true);
  /// Draws a line through the points.
  void line(std::span<const Point> points, const std::string& style);
  /// Draws a mark, which shows `hint` when the pointer rests on it.
  void dot(Point at, const std::string& style, const std::string& hint = "");
  void square(Point at, const std::string& style, const std::string& hint = "");
  /// Writes text beside a point of the plot, moved by (dx, dy) on the page; `anchor` is named as in SVG.
  void label(Point at, std::string_view text, int dx = 0, int dy = 4, const char* anchor = "start");
  /// Writes text in the room left of the plot.
  void row_label(double y, std::string_view text);

  /// Returns the whole element; `title` is read to those who cannot see it.
  std::string svg(const std::string& title) const;

 private:
  double across(double x) const;
  double down(double y) const;
  int width_, height_, left_, top_;
  Axis x_, y_;
  std::string body_;
};

}  // namespace caddie
