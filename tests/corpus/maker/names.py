# SPDX-License-Identifier: Apache-2.0
"""names: people who do not exist, for one split of the generated mail.

Names come from the census and SSA lists, from the made-up people of Presidio-research and Synthea, and from the lists
below, which have what those are short of. Each source is cut in two by a hash of the name, so that no surname and no first
name (but for the very common ones that chance gives twice) is in both splits.
"""

import csv
import hashlib
import os
import re

# First names and surnames that top lists do not have, as a hospital's register has them.
FIRST = """
Oluwaseun Adaeze Chidinma Kwame Nkechi Thandiwe Tendai Wanjiru Amina Fatoumata Abdirahman Hodan Tesfaye Selam Mulugeta Siobhan
Aoife Niamh Padraig Eoghan Saoirse Caoimhe Gwendolyn Rhiannon Xiomara Yesenia Itzel Joaquin Guadalupe Nayeli Ximena Refugio Anh
Thuy Duc Khanh Phuong Linh Quang Xiu Wei Jingyi Haoran Yichen Meiling Soo-jin Min-ho Hye-rin Jae Kenji Haruka Yuki Sakura Priya
Ananya Venkatesh Lakshmi Rajesh Harpreet Gurpreet Jaspreet Farzana Tahmina Rukhsana Zainab Yusuf Ibrahim Layla Noor Hamza Rania
Mahmoud Shirin Dariush Nasrin Zbigniew Katarzyna Agnieszka Wojciech Svetlana Dmitri Oksana Bohdan Yevgenia Milica Dragan
Slobodan Zdenka Vaclav Ilse Jurgen Gudrun Anneliese Leilani Kalani Keoni Malia Sione Mele Tevita Lupe Winona Dakota Chayton
Aiyana Nizhoni Mordechai Shira Chaim Rivka Yael Anahit Armen Giorgos Despina Konstantina Eleftheria Luigi Concetta Marcello
Francesca Marguerite Thibault Solange Odile Ferdinand Beulah Mabel Ethel Clarence Delbert Elwood Lavonne Dorthea Earlene Opal
Verna Wilbur Cletus Jaquan Latoya Shaniqua Tyrese DeShawn Keisha Lakeisha Marquis Shanelle Breanna Kayleigh Jaxon Braxton
Kinsley Paisley Maverick Everleigh Ryker Zuri Ekaterina Tomasz Ewa Bram Sanne Joost
""".split()
LAST = """
Okonkwo Adeyemi Nwosu Eze Mensah Owusu Boateng Diallo Traore Warsame Abdi Gebremariam Tesfamichael Haile Mbeki Dlamini Moyo
Kamau Otieno O'Shaughnessy MacGillivray Fitzwilliam McGillicuddy O'Callaghan ap-Rhys Llewellyn Featherstonehaugh Quetzal
Villaseñor Ibarra-Luna Echeverría Peña-Ortiz de-la-Cruz Zaragoza Montealegre Nguyen Tran Pham Huynh Vo Truong Xiong Vang Moua
Zhang Ouyang Szeto Tsang Leung Yamashita Nakagawa Fujimoto Hwang Baek Seo Ramaswamy Venkataraman Chaudhuri Bhattacharya
Krishnamurthy Dhillon Sandhu Siddiqui Rahman Choudhury Begum Al-Masri El-Sayed Haddad Khoury Abu-Ghazaleh Farahani Tehrani
Hosseini Kowalczyk Wisniewski Szczepanski Zielinski Jankowski Ivanovskaya Shevchenko Kovalenko Petrosyan Hakobyan Stojanović
Marković Novák Dvořák Hrubý Lindqvist Bjørnstad Østergaard Virtanen Kekkonen Weißmann Großkopf Schneidewind Oberholtzer Zimmerli
Kamakawiwo Kealoha Tuiasosopo Faleafa Taumoepeau Begay Yazzie Tsosie Manygoats Rosenzweig Feigenbaum Abramowitz Teitelbaum
Papadimitriou Karagiannis Xenakis Castellano Dellarocco Buonanotte Beauregard Thibodeaux Boudreaux Fontenot LeJeune St.-Germain
Vandenberghe Van-Houten Dijkstra Hoogeveen Blankenship Clodfelter Higginbotham Winterbottom Ramsbottom Satterthwaite Culpepper
Peasley Ruckelshaus Abernathy Crutchfield Lovelady Goodnight Younglove Drinkwater Toogood Applewhite Birdsong Strong Rich Price
Day Rose Church Gray Stone Lamb Cash Bell Banks Waters Brooks Wells Fields Snow Frost Hand
""".split()


def half(text):
    """In which of the two splits a text is: a hash, so that it stays there when the sources grow."""
    return "dev" if hashlib.sha256(text.lower().encode()).digest()[0] & 1 else "held-out"


def read_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as f:
        return list(csv.reader(f))[1:]


class Names:
    """first[sex], last: what a person of this split can be called."""

    def __init__(self, split, data):
        first, last = {"M": set(), "F": set()}, set(LAST)
        for name, _, sex in read_csv(os.path.join(data, "facts/ssa2010-first-names.csv")):
            first[sex].add(name)
        for row in read_csv(os.path.join(data, "facts/census2010-surnames.csv")):
            if row[0].isalpha():
                last.add(re.sub(r"^MC(.)", lambda m: "Mc" + m[1], row[0]) if row[0].startswith("MC") else row[0].title())
        fake = "phi-text/presidio-research/presidio_evaluator/data_generator/raw_data/FakeNameGenerator.com_first1500.csv"
        for row in read_csv(os.path.join(data, fake)):
            first["F" if row[1] == "female" else "M"].add(row[4])
            last.add(row[6])
        for row in read_csv(os.path.join(data, "phi-text/synthea/patients.csv")):
            first[row[14]].add(re.sub(r"\d+", "", row[7]))
            last.add(re.sub(r"\d+", "", row[8]))
        self.last = sorted(one.replace("-la-", " la ").replace("ap-", "ap ") for one in last if self.fits(one, split))
        own = [one for one in FIRST if half(one) == split]
        self.first = {sex: sorted(one for one in names | set(own) if self.fits(one, split)) for sex, names in first.items()}
        self.own_first = own
        self.own_last = [one for one in self.last if one in LAST]

    @staticmethod
    def fits(name, split):
        """Only names in Latin script: what an American hospital's mail has."""
        return half(name) == split and len(name) > 1 and re.fullmatch(r"[A-Za-zÀ-ž' .-]+", name) is not None

    def pick(self, rng, sex):
        """First name and surname: three of ten are of the rarer ones above."""
        first = rng.choice(self.own_first) if rng.random() < 0.3 else rng.choice(self.first[sex])
        last = rng.choice(self.own_last) if rng.random() < 0.3 else rng.choice(self.last)
        return first, last
