package io.vivarium.desktop.timeline;

import io.vivarium.client.SnapshotInfo;
import io.vivarium.desktop.ui.Icons;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.shape.CubicCurveTo;
import javafx.scene.shape.Line;
import javafx.scene.shape.MoveTo;
import javafx.scene.shape.Path;
import javafx.scene.shape.Shape;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.javafx.FontIcon;

/** The lines and the node of one row of the tree. Colours come from the style sheet, by lane. */
final class LaneGraphic extends Region {
  /** Colours that the style sheet has for lanes. */
  private static final int COLORS = 6;

  /** Between two lanes in pixels, at a text size of 13, while the tree is not too wide. */
  private static final double STEP = 20;

  private static final double MAX_WIDTH = 260;
  private static final double NODE = 20;

  /** Of a row in pixels, at the usual text size. */
  private static final double USUAL_HEIGHT = 46;

  private static final double SMALL_NODE = 12;

  /** Lines go so far beyond their row, into the border of its cell. */
  private static final double BEYOND = 2;

  private Lanes.@Nullable Row row;
  private int lanes = 1;
  private double scale = 1;
  private final StackPane node = new StackPane();
  private final FontIcon live = Icons.of(Icons.LIVE, "lane-icon");
  private final FontIcon disk = Icons.of(Icons.DISK, "lane-icon");
  private List<String> nodeStyle = List.of();

  /**
   * Lines that rows need, made once and used again: new ones would have to be styled anew at each
   * step of scrolling.
   */
  private final List<Line> straight = new ArrayList<>();

  private final List<Path> bent = new ArrayList<>();
  private int straightUsed;
  private int bentUsed;

  LaneGraphic() {
    getStyleClass().add("lane-graphic");
    setMouseTransparent(true);
    node.getChildren().setAll(live, disk);
    getChildren().add(node);
  }

  /**
   * Draws a row.
   *
   * @param allLanes of the whole tree: all rows are as wide
   */
  void show(Lanes.Row newRow, int allLanes) {
    row = newRow;
    lanes = Math.max(1, allLanes);
    SnapshotInfo snapshot = newRow.snapshot();
    boolean small = isSmall(snapshot);
    live.setVisible(snapshot != null && !small && snapshot.live());
    disk.setVisible(snapshot != null && !small && !snapshot.live());
    List<String> style =
        snapshot == null
            ? List.of("lane-node", "lane-here")
            : List.of(
                "lane-node",
                "lane-node-" + newRow.lane() % COLORS,
                small ? "lane-automatic" : snapshot.live() ? "lane-live" : "lane-disk");
    if (!style.equals(nodeStyle)) {
      nodeStyle = style;
      node.getStyleClass().setAll(style);
    }
    setMinWidth(width());
    setPrefWidth(width());
    requestLayout();
  }

  /** Rows grow with the text, and nodes with the rows. */
  private void fit(double height) {
    double wanted = Math.clamp(height / USUAL_HEIGHT, 1, 2);
    if (Math.abs(wanted - scale) > 0.05) {
      scale = wanted;
      setMinWidth(width());
      setPrefWidth(width());
    }
  }

  private static boolean isSmall(@Nullable SnapshotInfo snapshot) {
    return snapshot != null && snapshot.automatic() && !snapshot.pinned();
  }

  /** The next line that is not used yet, in the colour of its lane. */
  private <S extends Shape> S next(List<S> made, int used, int lane, Supplier<S> maker) {
    if (used == made.size()) {
      S shape = maker.get();
      shape.getStyleClass().addAll("lane-line", "");
      shape.setManaged(false);
      made.add(shape);
      getChildren().addFirst(shape);
    }
    S shape = made.get(used);
    String color = "lane-line-" + lane % COLORS;
    if (!shape.getStyleClass().get(1).equals(color)) {
      shape.getStyleClass().set(1, color);
    }
    shape.setVisible(true);
    return shape;
  }

  private void straight(int lane, double from, double to) {
    Line line = next(straight, straightUsed++, lane, Line::new);
    line.setStartX(x(lane));
    line.setEndX(x(lane));
    line.setStartY(from);
    line.setEndY(to);
  }

  private void bent(int lane, int toLane, double middle) {
    Path path = next(bent, bentUsed++, lane, Path::new);
    path.getElements()
        .setAll(
            new MoveTo(x(lane), -BEYOND),
            new CubicCurveTo(x(lane), middle * 0.9, x(lane), middle, x(toLane), middle));
  }

  private double nodeSize() {
    return NODE * scale;
  }

  private double step() {
    return Math.min(STEP * scale, (MAX_WIDTH - nodeSize()) / lanes);
  }

  private double width() {
    return nodeSize() + 12 + step() * (lanes - 1);
  }

  private double x(int lane) {
    return 6 + nodeSize() / 2 + step() * lane;
  }

  @Override
  protected void layoutChildren() {
    Lanes.Row shown = row;
    if (shown == null) {
      return;
    }
    double height = getHeight();
    double middle = Math.round(height / 2);
    fit(height);
    straightUsed = 0;
    bentUsed = 0;
    for (int lane : shown.passing()) {
      straight(lane, -BEYOND, height + BEYOND);
    }
    for (int lane : shown.joining()) {
      if (lane == shown.lane()) {
        straight(lane, -BEYOND, middle);
      } else {
        bent(lane, shown.lane(), middle);
      }
    }
    if (shown.down()) {
      straight(shown.lane(), middle, height + BEYOND);
    }
    straight.subList(straightUsed, straight.size()).forEach(line -> line.setVisible(false));
    bent.subList(bentUsed, bent.size()).forEach(line -> line.setVisible(false));
    double size = scale * (isSmall(shown.snapshot()) ? SMALL_NODE : NODE);
    node.resizeRelocate(x(shown.lane()) - size / 2, middle - size / 2, size, size);
  }
}
