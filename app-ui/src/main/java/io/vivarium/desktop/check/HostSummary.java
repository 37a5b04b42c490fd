package io.vivarium.desktop.check;

import io.vivarium.client.HostCheck;
import io.vivarium.client.HostCheck.Status;
import io.vivarium.desktop.ui.Desk;
import io.vivarium.desktop.ui.Nodes;
import io.vivarium.desktop.ui.Place;
import io.vivarium.desktop.ui.Texts;
import java.util.Comparator;
import java.util.List;
import javafx.scene.control.Button;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

/** The host check in a line or two: all is well, or the worst that was found. */
public final class HostSummary extends HBox {
  private final Desk desk;
  private final Texts texts;

  public HostSummary(Desk desk) {
    this.desk = desk;
    this.texts = desk.texts();
    getStyleClass().addAll("row", "host-summary");
    getChildren().setAll(Nodes.label(texts.get("check.running"), "muted"));
    desk.jobs().read(() -> desk.vivarium().doctor(), this::show, why -> {});
  }

  private void show(List<HostCheck> checks) {
    HostCheck worst = checks.stream().max(Comparator.comparing(HostCheck::status)).orElse(null);
    Button details =
        Nodes.button(texts.get("check.details"), () -> desk.navigator().go(Place.HOST), "flat");
    if (worst == null || worst.status() == Status.OK) {
      getChildren()
          .setAll(CheckRow.icon(Status.OK), Nodes.label(texts.get("check.allWell")), details);
      return;
    }
    VBox words = Nodes.column("", Nodes.paragraph(worst.title() + ": " + worst.detail()));
    if (!worst.cure().isEmpty()) {
      words.getChildren().add(Nodes.paragraph(worst.cure(), "muted"));
    }
    HBox.setHgrow(words, Priority.ALWAYS);
    getChildren().setAll(CheckRow.icon(worst.status()), words, details);
  }
}
