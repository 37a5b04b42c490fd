package io.vivarium.desktop.trash;

import io.vivarium.client.TrashInfo;
import io.vivarium.desktop.ui.Banner;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Format;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import java.time.Duration;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** What was removed and can still be taken back, and the one verb that ends that. */
public final class TrashPage implements Page {
  private static final Duration KEPT = Duration.ofDays(7);

  private final Desk desk;
  private final Texts texts;
  private final VBox rows = Nodes.column("image-rows");
  private final Button empty;
  private final VBox node;

  public TrashPage(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
    empty =
        Nodes.id(
            Nodes.button(texts.get("trash.empty"), Icons.TRASH, this::empty, "danger"),
            "trash-empty");
    rows.setId("trash-rows");
    ScrollPane scroll = new ScrollPane(rows);
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("edge-to-edge");
    VBox.setVgrow(scroll, Priority.ALWAYS);
    node =
        Nodes.column(
            "page",
            Nodes.row(
                "page-head",
                Nodes.label(texts.get("trash.title"), "page-title"),
                Nodes.spacer(),
                empty),
            Nodes.paragraph(texts.get("trash.text"), "muted"),
            scroll);
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public Place place() {
    return Place.TRASH;
  }

  @Override
  public List<Command> commands() {
    return List.of(Command.of(texts.get("trash.refresh"), "", Icons.REFRESH, "F5", this::read));
  }

  @Override
  public void opened() {
    read();
  }

  private void read() {
    desk.jobs()
        .read(
            () -> desk.vivarium().trash(),
            this::show,
            why -> desk.banners().add(Banner.error(String.valueOf(why.getMessage()), why.cure())));
  }

  private void show(List<TrashInfo> all) {
    empty.setDisable(all.isEmpty());
    rows.getChildren().setAll(all.reversed().stream().map(this::row).toList());
    if (all.isEmpty()) {
      rows.getChildren().setAll(Nodes.label(texts.get("trash.none"), "muted"));
    }
  }

  private Node row(TrashInfo info) {
    String vm = info.vm();
    Duration age = Duration.between(info.removedAt(), desk.clock().instant());
    VBox words =
        Nodes.column(
            "",
            Nodes.label(info.name(), "image-name"),
            Nodes.label(
                vm == null ? texts.get("trash.vm") : texts.get("trash.snapshot", vm), "muted"));
    HBox.setHgrow(words, Priority.ALWAYS);
    Button back =
        Nodes.id(
            Nodes.button(texts.get("trash.back"), Icons.UNDO, () -> putBack(info)),
            "trash-back-" + info.name());
    return Nodes.row(
        "image-row",
        Icons.of(vm == null ? Icons.MACHINES : Icons.SNAPSHOT, "image-icon"),
        words,
        Nodes.label(Format.bytes(info.ownBytes())),
        Nodes.label(
            texts.get("trash.age", Format.age(age, texts), Format.span(KEPT.minus(age))), "muted"),
        back);
  }

  private void putBack(TrashInfo info) {
    String vm = info.vm();
    desk.jobs()
        .call(
            texts.get("job.untrash", info.name()),
            "viv trash restore " + (vm == null ? info.name() : vm + "@" + info.name()),
            progress ->
                vm == null
                    ? desk.vivarium().untrash(info.name()).name()
                    : desk.vivarium().untrashSnapshot(vm, info.name()).name(),
            name -> {
              desk.vms().refresh();
              desk.toasts().show(texts.get("trash.back.done", name));
              read();
            });
  }

  private void empty() {
    EmptyTrash.ask(desk, this::read);
  }
}
