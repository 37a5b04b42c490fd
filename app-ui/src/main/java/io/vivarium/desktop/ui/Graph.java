package io.vivarium.desktop.ui;

import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.layout.Region;
import javafx.scene.shape.Polygon;
import javafx.scene.shape.Polyline;

/**
 * Values over time as lines with a tinted area below, newest at the right. Colours come from the
 * style sheet: {@code graph-line-0}, {@code graph-area-0}...
 */
public final class Graph extends Region {
  private final int capacity;
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
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < newSeries.size(); i++) {
      Polygon area = new Polygon();
      area.getStyleClass().addAll("graph-area", "graph-area-" + i);
      Polyline line = new Polyline();
      line.getStyleClass().addAll("graph-line", "graph-line-" + i);
      for (Node node : List.of(area, line)) {
        node.setManaged(false);
        nodes.add(node);
      }
    }
    if (getChildren().size() != nodes.size()) {
      getChildren().setAll(nodes);
    }
    requestLayout();
  }

  @Override
  protected void layoutChildren() {
    double width = getWidth();
    double height = getHeight();
    for (int i = 0; i < series.size(); i++) {
      double[] values = series.get(i);
      List<Double> line = new ArrayList<>();
      double step = width / Math.max(1, capacity - 1);
      int from = Math.max(0, values.length - capacity);
      for (int at = from; at < values.length; at++) {
        double x = width - step * (values.length - 1 - at);
        double share = Math.clamp(values[at] / top, 0, 1);
        line.add(x);
        line.add(1 + (height - 2) * (1 - share));
      }
      ((Polyline) getChildren().get(2 * i + 1)).getPoints().setAll(line);
      if (!line.isEmpty()) {
        double first = line.getFirst();
        line.add(width);
        line.add(height);
        line.add(first);
        line.add(height);
      }
      ((Polygon) getChildren().get(2 * i)).getPoints().setAll(line);
    }
  }
}
