package io.vivarium.desktop.vm;

import io.vivarium.client.VmInfo;
import io.vivarium.desktop.model.StatsHistory;
import io.vivarium.desktop.model.StatsHistory.Point;
import io.vivarium.desktop.model.VmItem;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Graph;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Texts;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

/** What the VM used over the last minutes. */
final class StatsTab extends ScrollPane implements VmTab {
  /** Values across a graph: five minutes at one a second. */
  private static final int WIDTH = 300;

  /** Rates below this many bytes a second do not fill a graph. */
  private static final double LEAST_RATE = 64 * 1024;

  private final VmItem item;
  private final Desk desk;
  private final Texts texts;
  private final Panel cpu;
  private final Panel memory;
  private final Panel disk;
  private final Panel net;

  /** A graph with its name, the newest values, and what its upper edge means. */
  private static final class Panel {
    private final Graph graph = new Graph(WIDTH);
    private final Label now;
    private final Label top = Nodes.label("", "graph-top");
    private final VBox node;

    Panel(String id, String title) {
      now = Nodes.id(Nodes.paragraph("—", "graph-now"), "stats-" + id);
      node =
          Nodes.column("panel", Nodes.flow(Nodes.label(title, "section-title"), now), top, graph);
      graph.getStyleClass().add("graph-large");
    }

    void show(String newest, String topText, double topValue, List<double[]> series) {
      now.setText(newest);
      top.setText(topText);
      graph.show(topValue, series);
      graph.setAccessibleText(newest);
    }
  }

  StatsTab(VmItem item, Desk desk) {
    this.item = item;
    this.desk = desk;
    this.texts = desk.texts();
    cpu = new Panel("cpu", texts.get("stats.cpu"));
    memory = new Panel("memory", texts.get("stats.memory"));
    disk = new Panel("disk", texts.get("stats.disk"));
    net = new Panel("net", texts.get("stats.net"));
    GridPane grid = new GridPane();
    grid.getStyleClass().addAll("tab-page", "stats-grid");
    ColumnConstraints half = new ColumnConstraints();
    half.setPercentWidth(50);
    grid.getColumnConstraints().addAll(half, half);
    grid.addRow(0, cpu.node, memory.node);
    grid.addRow(1, disk.node, net.node);
    setContent(grid);
    setFitToWidth(true);
    Nodes.drawnLive(this);
    getStyleClass().add("edge-to-edge");
  }

  @Override
  public void shown() {
    show();
    tick();
  }

  @Override
  public void tick() {
    desk.stats().sample(item, this::show);
  }

  private void show() {
    StatsHistory history = desk.stats().of(item.name());
    VmInfo info = item.info();
    Point newest = history.newest();
    int cpus = info.spec().cpus();
    double memoryTop = info.spec().memoryBytes();
    cpu.show(
        newest == null ? "—" : texts.get("stats.percent", Math.round(100 * newest.cpus())),
        texts.get("stats.percent", 100 * cpus),
        cpus,
        List.of(history.values(Point::cpus)));
    memory.show(
        memoryNow(newest),
        bytes(memoryTop),
        memoryTop,
        List.of(history.values(Point::residentBytes), history.values(Point::guestUsedBytes)));
    rates(
        disk,
        "stats.disk.now",
        newest == null ? null : new double[] {newest.diskRead(), newest.diskWrite()},
        history.values(Point::diskRead),
        history.values(Point::diskWrite));
    rates(
        net,
        "stats.net.now",
        newest == null ? null : new double[] {newest.netIn(), newest.netOut()},
        history.values(Point::netIn),
        history.values(Point::netOut));
  }

  private String memoryNow(@Nullable Point newest) {
    if (newest == null) {
      return "—";
    }
    String held = bytes(newest.residentBytes());
    return newest.guestUsedBytes() == 0
        ? held
        : texts.get("stats.memory.now", held, bytes(newest.guestUsedBytes()));
  }

  private void rates(
      Panel panel, String key, double @Nullable [] now, double[] one, double[] other) {
    double top =
        DoubleStream.concat(Arrays.stream(one), Arrays.stream(other)).max().orElse(LEAST_RATE);
    top = Math.max(LEAST_RATE, top);
    panel.show(
        now == null ? "—" : texts.get(key, bytes(now[0]), bytes(now[1])),
        texts.get("stats.rate", bytes(top)),
        top,
        List.of(one, other));
  }

  private static String bytes(double bytes) {
    return Format.bytes(Math.round(bytes));
  }
}
