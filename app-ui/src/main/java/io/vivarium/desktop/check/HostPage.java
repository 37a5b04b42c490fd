package io.vivarium.desktop.check;

import io.vivarium.client.HostCheck;
import io.vivarium.desktop.ui.Command;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Icons;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Page;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import java.util.List;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** What {@code viv doctor} says, in the same sentences. */
public final class HostPage implements Page {
  private final Desk desk;
  private final Texts texts;
  private final VBox rows = Nodes.column("check-rows");
  private final Button again;
  private final VBox node;

  public HostPage(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
    again =
        Nodes.id(Nodes.button(texts.get("check.again"), Icons.REFRESH, this::check), "check-again");
    rows.setId("check-rows");
    ScrollPane scroll = new ScrollPane(Nodes.column("host-parts", rows, new LibraryCheck(desk)));
    scroll.setFitToWidth(true);
    scroll.getStyleClass().add("edge-to-edge");
    VBox.setVgrow(scroll, Priority.ALWAYS);
    node =
        Nodes.column(
            "page",
            Nodes.row(
                "page-head",
                Nodes.label(texts.get("check.title"), "page-title"),
                Nodes.spacer(),
                again),
            scroll);
  }

  @Override
  public Node node() {
    return node;
  }

  @Override
  public Place place() {
    return Place.HOST;
  }

  @Override
  public List<Command> commands() {
    return List.of(Command.of(texts.get("check.again"), "", Icons.REFRESH, "F5", this::check));
  }

  @Override
  public void opened() {
    check();
  }

  @Override
  public void takeFocus() {
    again.requestFocus();
  }

  private void check() {
    again.setDisable(true);
    desk.jobs()
        .read(
            () -> desk.vivarium().doctor(),
            this::show,
            why -> {
              again.setDisable(false);
              rows.getChildren().setAll(Nodes.paragraph(String.valueOf(why.getMessage())));
            });
  }

  private void show(List<HostCheck> checks) {
    again.setDisable(false);
    rows.getChildren()
        .setAll(checks.stream().<Node>map(check -> new CheckRow(check, texts)).toList());
  }
}
