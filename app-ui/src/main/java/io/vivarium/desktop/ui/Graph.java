package io.vivarium.desktop.ui;

import java.util.ArrayList;
import java.util.List;
import javafx.scene.layout.Region;
import javafx.scene.shape.Polygon;
import javafx.scene.shape.Polyline;

/**
 * Values over time as lines with a tinted area below, newest at the right. Colours come from the
 * style sheet: {@code graph-line-0}, {@code graph-area-0}...
 */
public final class Graph extends Region {
  private final int capacity;
  private final List<Trace> traces = new ArrayList<>();
  private List<double[]> series = List.of();
  private double top = 1;

  /**
   * @param capacity values that fill the width; fewer begin further right
   */
  public Graph(int capacity) {
    this.capacity = capacity;
    getStyleClass().add("graph");
  }

  /**
   * Shows these.
   *
   * @param newTop the value that reaches the upper edge, more than 0
   */
  public void show(double newTop, List<double[]> newSeries) {
    top = newTop;
    series = List.copyOf(newSeries);
    while (traces.size() > series.size()) {
      Trace gone = traces.removeLast();
      getChildren().removeAll(gone.area, gone.line);
    }
    while (traces.size() < series.size()) {
      Trace trace = new Trace(traces.size());
      traces.add(trace);
      getChildren().addAll(trace.area, trace.line);
    }
    // No layout: that would be one of all that it stands in, at each new value.
    draw();
  }

  @Override
  protected void layoutChildren() {
    draw();
  }

  private void draw() {
    for (int i = 0; i < traces.size(); i++) {
      traces.get(i).draw(series.get(i));
    }
  }

  /** One of the lines. */
  private final class Trace {
    private final Polygon area = new Polygon();
    private final Polyline line = new Polyline();
    private List<Double> drawn = List.of();

    Trace(int number) {
      area.getStyleClass().addAll("graph-area", "graph-area-" + number);
      line.getStyleClass().addAll("graph-line", "graph-line-" + number);
      area.setManaged(false);
      line.setManaged(false);
    }

    /** Draws the values unless they would look as they do already. */
    void draw(double[] values) {
      double width = getWidth();
      double height = getHeight();
      List<Double> points = new ArrayList<>();
      double step = width / Math.max(1, capacity - 1);
      for (int at = Math.max(0, values.length - capacity); at < values.length; at++) {
        double share = Math.clamp(values[at] / top, 0, 1);
        points.add(width - step * (values.length - 1 - at));
        // To a quarter of a pixel, which is less than one sees.
        points.add(Math.round(4 * (1 + (height - 2) * (1 - share))) / 4.0);
      }
      if (points.equals(drawn)) {
        return;
      }
      drawn = points;
      line.getPoints().setAll(points);
      List<Double> around = new ArrayList<>(points);
      if (!points.isEmpty()) {
        around.addAll(List.of(width, height, points.getFirst(), height));
      }
      area.getPoints().setAll(around);
    }
  }
}
