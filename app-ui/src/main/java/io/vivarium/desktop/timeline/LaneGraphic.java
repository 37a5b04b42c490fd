package io.vivarium.desktop.timeline;

import io.vivarium.desktop.ui.Icons;
import java.util.ArrayList;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.shape.CubicCurveTo;
import javafx.scene.shape.Line;
import javafx.scene.shape.MoveTo;
import javafx.scene.shape.Path;
import org.jspecify.annotations.Nullable;

/** The lines and the node of one row of the tree. Colours come from the style sheet, by lane. */
final class LaneGraphic extends Region {
  /** Colours that the style sheet has for lanes. */
  private static final int COLORS = 6;

  /** Between two lanes in pixels, at a text size of 13, while the tree is not too wide. */
  private static final double STEP = 20;

  private static final double MAX_WIDTH = 260;
  private static final double NODE = 20;
  private static final double SMALL_NODE = 12;

  /** Lines go so far beyond their row, into the border of its cell. */
  private static final double BEYOND = 2;

  private Lanes.@Nullable Row row;
  private int lanes = 1;
  private final StackPane node = new StackPane();
  private final List<Node> lines = new ArrayList<>();

  LaneGraphic() {
    getStyleClass().add("lane-graphic");
    setMouseTransparent(true);
  }

  /**
   * Draws a row.
   *
   * @param allLanes of the whole tree: all rows are as wide
   */
  void show(Lanes.Row newRow, int allLanes) {
    row = newRow;
    lanes = Math.max(1, allLanes);
    lines.clear();
    newRow.passing().forEach(lane -> lines.add(styled(new Line(), lane)));
    for (int lane : newRow.joining()) {
      lines.add(lane == newRow.lane() ? styled(new Line(), lane) : styled(new Path(), lane));
    }
    if (newRow.down()) {
      lines.add(styled(new Line(), newRow.lane()));
    }
    styleNode(newRow);
    getChildren().setAll(lines);
    getChildren().add(node);
    setMinWidth(width());
    setPrefWidth(width());
    requestLayout();
  }

  private void styleNode(Lanes.Row of) {
    node.getChildren().clear();
    node.getStyleClass().setAll("lane-node", "lane-node-" + of.lane() % COLORS);
    var snapshot = of.snapshot();
    if (snapshot == null) {
      node.getStyleClass().setAll("lane-node", "lane-here");
      return;
    }
    if (snapshot.automatic() && !snapshot.pinned()) {
      node.getStyleClass().add("lane-automatic");
      return;
    }
    node.getStyleClass().add(snapshot.live() ? "lane-live" : "lane-disk");
    node.getChildren().setAll(Icons.of(snapshot.live() ? Icons.LIVE : Icons.DISK, "lane-icon"));
  }

  private static Node styled(javafx.scene.shape.Shape shape, int lane) {
    shape.getStyleClass().addAll("lane-line", "lane-line-" + lane % COLORS);
    return shape;
  }

  private double step() {
    return Math.min(STEP, (MAX_WIDTH - NODE) / lanes);
  }

  private double width() {
    return NODE + 12 + step() * (lanes - 1);
  }

  private double x(int lane) {
    return 6 + NODE / 2 + step() * lane;
  }

  @Override
  protected void layoutChildren() {
    Lanes.Row shown = row;
    if (shown == null) {
      return;
    }
    double height = getHeight();
    double middle = Math.round(height / 2);
    int at = 0;
    for (int lane : shown.passing()) {
      place((Line) lines.get(at++), x(lane), -BEYOND, height + BEYOND);
    }
    for (int lane : shown.joining()) {
      if (lines.get(at) instanceof Line straight) {
        place(straight, x(lane), -BEYOND, middle);
      } else {
        ((Path) lines.get(at))
            .getElements()
            .setAll(
                new MoveTo(x(lane), -BEYOND),
                new CubicCurveTo(x(lane), middle * 0.9, x(lane), middle, x(shown.lane()), middle));
      }
      at++;
    }
    if (shown.down()) {
      place((Line) lines.get(at), x(shown.lane()), middle, height + BEYOND);
    }
    double size =
        shown.snapshot() != null && shown.snapshot().automatic() && !shown.snapshot().pinned()
            ? SMALL_NODE
            : NODE;
    node.resizeRelocate(x(shown.lane()) - size / 2, middle - size / 2, size, size);
  }

  private static void place(Line line, double x, double from, double to) {
    line.setStartX(x);
    line.setEndX(x);
    line.setStartY(from);
    line.setEndY(to);
  }
}
